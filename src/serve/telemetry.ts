/**
 * Telemetry of the server, as the settings say.
 *
 * @module
 */

import deno from "../../deno.json" with { type: "json" };
import type { Config } from "../config/settings.ts";
import type { MetricsOptions } from "../http/site/metrics.ts";
import { LazyObserver } from "../observe/lazy_observer.ts";
import { Log } from "../observe/request_log.ts";
import { type Observer, together } from "../observe/request_observer.ts";
import { spans } from "../observe/trace_spans.ts";
import { note } from "../terminal.ts";

/** The log, and everybody who is told what happens. */
export interface Telemetry {
  /** Takes what is worth a line. */
  readonly log: Log;
  /** Told of requests, steps and losses. */
  readonly observer: Observer;
  /** What `/metrics` shows; absent where nobody may see it. */
  readonly metrics?: MetricsOptions;
}

/** Prometheus' text format 0.0.4. */
const METRICS_TYPE = "text/plain; version=0.0.4; charset=utf-8";

/** Milliseconds after a model's start until metrics are loaded, unless asked for. */
const QUIET = 500;

/** Sets up the log, the spans and, where somebody may read them, the metrics. */
export function openTelemetry(config: Config): Telemetry {
  const log = new Log(config.log, note);
  const others = [log, spans(deno.version)];
  const { metrics: access } = config;
  if (access === "none") return { log, observer: together(others) };
  // They take 60 ms to load, which no start and no first answer has to wait for.
  const metrics = new LazyObserver(async () => {
    const { Metrics } = await import("../observe/metrics.ts");
    return new Metrics({
      version: deno.version,
      runtime: `Deno ${Deno.version.deno}`,
      memory(): { resident: number; heap: number } {
        const { rss: resident, heapUsed: heap } = Deno.memoryUsage();
        return { resident, heap };
      },
    });
  });
  const soon = {
    serving(): void {
      Deno.unrefTimer(setTimeout(() => void metrics.loaded(), QUIET));
    },
  };
  return {
    log,
    observer: together([...others, metrics, soon]),
    metrics: {
      access,
      type: METRICS_TYPE,
      text: async () => (await metrics.loaded()).text(),
    },
  };
}
