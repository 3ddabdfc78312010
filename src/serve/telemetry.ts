/**
 * Telemetry of the server, as the settings say.
 *
 * @module
 */

import deno from "../../deno.json" with { type: "json" };
import type { Config } from "../config/settings.ts";
import type { MetricsOptions } from "../http/site/metrics.ts";
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

/** Sets up the log, the spans and, where somebody may read them, the metrics. */
export async function openTelemetry(config: Config): Promise<Telemetry> {
  const log = new Log(config.log, note);
  const others = [log, spans(deno.version)];
  const { metrics: access } = config;
  if (access === "none") return { log, observer: together(others) };
  // Not loaded where it is not used: it takes longer than the rest of this file.
  const { Metrics } = await import("../observe/metrics.ts");
  const metrics = new Metrics({
    version: deno.version,
    runtime: `Deno ${Deno.version.deno}`,
    memory(): { resident: number; heap: number } {
      const { rss: resident, heapUsed: heap } = Deno.memoryUsage();
      return { resident, heap };
    },
  });
  return {
    log,
    observer: together([...others, metrics]),
    metrics: {
      access,
      type: metrics.type,
      text: () => metrics.text(),
    },
  };
}
