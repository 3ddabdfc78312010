/**
 * Figures under one name and with one registry of their own, in the words of
 * Prometheus.
 *
 * @module
 */

import { Counter, Gauge, Histogram, Registry } from "prom-client";

/** What tells the values of one figure apart. */
export type Labels = Readonly<Record<string, string | number>>;

/** Something that only grows. */
export interface CounterMetric {
  /** Adds to it, 1 by default. */
  inc(labels: Labels, by?: number): void;
}

/** Something of many sizes. */
export interface HistogramMetric {
  /** Adds one. */
  observe(labels: Labels, size: number): void;
}

/** Something that goes up and down. */
export interface GaugeMetric {
  /** Says how high it is now. */
  set(labels: Labels, value: number): void;
}

/** What a figure is called. */
export interface Figure {
  /** Its name, without `gosling_`. */
  readonly name: string;
  /** What it counts. */
  readonly help: string;
  /** What its values are told apart by. */
  readonly labels?: readonly string[];
}

/** A registry, and how figures get into it. */
export class Figures {
  readonly #registry = new Registry();

  /** The media type of {@linkcode text}. */
  get type(): string {
    return this.#registry.contentType;
  }

  /** Every figure, in Prometheus' text format. */
  text(): Promise<string> {
    return this.#registry.metrics();
  }

  /** Adds something that only grows. */
  counter(figure: Figure): CounterMetric {
    return new Counter(this.#options(figure));
  }

  /** Adds something of many sizes, counted in `buckets`, upper ends ascending. */
  histogram(figure: Figure, buckets: readonly number[]): HistogramMetric {
    return new Histogram({ ...this.#options(figure), buckets: [...buckets] });
  }

  /** Adds something that `read` looks up whenever it is asked for. */
  gauge(figure: Figure, read: (level: GaugeMetric) => void): void {
    new Gauge({
      ...this.#options(figure),
      collect(): void {
        this.reset();
        read(this);
      },
    });
  }

  #options({ name, help, labels = [] }: Figure) {
    return {
      name: `gosling_${name}`,
      help,
      labelNames: [...labels],
      registers: [this.#registry],
    };
  }
}
