/**
 * The gauges of `GET /metrics`: what is so at the moment somebody looks.
 *
 * @module
 */

import { Gauge, type Registry } from "prom-client";
import type { Engine } from "../engine/engine.ts";

/** What the program knows of its process. */
export interface ProcessFacts {
  /** The program's version. */
  readonly version: string;
  /** The runtime's name and version. */
  readonly runtime: string;
  /** Bytes of memory in use now. */
  readonly memory: () => { readonly resident: number; readonly heap: number };
}

/** Adds something that `read` looks up whenever it is asked for. */
function gauge(
  registry: Registry,
  { name, help, labels = [] }: {
    /** Without `gosling_`. */
    readonly name: string;
    readonly help: string;
    readonly labels?: readonly string[];
  },
  read: (gauge: Gauge) => void,
): void {
  new Gauge({
    name: `gosling_${name}`,
    help,
    labelNames: [...labels],
    registers: [registry],
    collect(): void {
      this.reset();
      read(this);
    },
  });
}

/** Shows the process. */
export function describeProcess(
  registry: Registry,
  { version, runtime, memory }: ProcessFacts,
): void {
  gauge(registry, {
    name: "build_info",
    help: "Always 1",
    labels: ["version", "runtime"],
  }, (gauge) => gauge.set({ version, runtime }, 1));
  gauge(registry, {
    name: "start_time_seconds",
    help: "Start of the process, seconds since 1970",
  }, (gauge) => gauge.set({}, performance.timeOrigin / 1000));
  gauge(registry, {
    name: "resident_memory_bytes",
    help: "Memory of the process",
  }, (gauge) => gauge.set({}, memory().resident));
  gauge(registry, {
    name: "heap_bytes",
    help: "JavaScript's heap in use",
  }, (gauge) => gauge.set({}, memory().heap));
}

/** Shows the models that are loaded, as they are when somebody looks. */
export function describeModels(
  registry: Registry,
  engines: ReadonlyMap<string, Engine>,
): void {
  const each = (
    name: string,
    help: string,
    value: (engine: Engine) => number,
  ) =>
    gauge(registry, { name, help, labels: ["model"] }, (gauge) => {
      for (const [model, engine] of engines) {
        gauge.set({ model }, value(engine));
      }
    });
  each(
    "queue_length",
    "Turns that wait for a lane",
    ({ load }) => load.waiting,
  );
  each("lanes_busy", "Lanes in use", ({ load }) => load.busy);
  each("lanes", "Lanes", ({ model }) => model.lanes);
  each(
    "model_ready",
    "1 while the model takes requests",
    ({ ready }) => Number(ready),
  );
  gauge(registry, {
    name: "device_threads",
    help: "Threads that compute a pass",
    labels: ["model", "work"],
  }, (gauge) => {
    for (const [model, { model: { device: { threads } } }] of engines) {
      if (threads === undefined) continue;
      gauge.set({ model, work: "decode" }, threads.decode);
      gauge.set({ model, work: "prefill" }, threads.prefill);
    }
  });
  gauge(registry, {
    name: "model_info",
    help: "Always 1",
    labels: ["model", "fingerprint", "parameters", "quantization", "device"],
  }, (gauge) => {
    for (const { model } of engines.values()) {
      const { id, fingerprint, parameters, quantization, device } = model;
      gauge.set({
        model: id,
        fingerprint,
        parameters,
        quantization,
        device: device.kind,
      }, 1);
    }
  });
}
