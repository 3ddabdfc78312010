/**
 * The counters and histograms of `GET /metrics`: names, help, labels, buckets.
 *
 * @module
 */

import { Counter, Histogram, type Registry } from "prom-client";

/** Upper ends of buckets, seconds: what people wait for. */
const WAITS = [
  [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5],
  [1, 2.5, 5, 10, 30, 60, 120, 300],
].flat();

/** The same for parts of requests: each twice the one before, from 0.25 ms. */
const PART_SECONDS = Array.from({ length: 18 }, (_, i) => 2 ** i / 4000);

/** Upper ends of buckets, lanes. */
const LANES = [1, 2, 4, 8, 16, 32, 64, 128, 256];

/** The counters, as the program calls them. */
export type CounterName =
  | "requests"
  | "rejections"
  | "turns"
  | "read"
  | "generated"
  | "resumed"
  | "stepTokens"
  | "states"
  | "stateBytes"
  | "losses";

/** What only grows. */
export function counters(
  registry: Registry,
): Readonly<Record<CounterName, Counter>> {
  const count = (name: string, help: string, ...labelNames: string[]) =>
    new Counter({
      name: `gosling_${name}_total`,
      help,
      labelNames,
      registers: [registry],
    });
  const by = ["model", "tenant"];
  return {
    requests: count(
      "requests",
      "Requests answered",
      ...["method", "route", "status", "tenant"],
    ),
    rejections: count(
      "rejections",
      "Requests refused or broken off, by the code of the problem",
      "code",
    ),
    turns: count("turns", "Turns that ended", "model", "finish"),
    read: count("tokens_read", "Tokens of prompts", ...by),
    generated: count("tokens_generated", "Tokens of answers", ...by),
    resumed: count(
      "tokens_resumed",
      "Tokens that states had read before, so that no turn had to",
      ...by,
    ),
    stepTokens: count(
      "device_tokens",
      "Tokens that the device read and drew, kept or not",
      "model",
      "kind",
    ),
    states: count("states", "States taken and given", "direction", "codec"),
    stateBytes: count(
      "state_bytes",
      "Bytes of states taken and given, as sent",
      "direction",
      "codec",
    ),
    losses: count(
      "device_losses",
      "Losses of the device, and failures to get it back",
      "model",
    ),
  };
}

/** The histograms, as the program calls them. */
export type HistogramName =
  | "requests"
  | "firstToken"
  | "queue"
  | "perToken"
  | "phases"
  | "steps"
  | "stepLanes";

/** What is spread. */
export function histograms(
  registry: Registry,
): Readonly<Record<HistogramName, Histogram>> {
  const spread = (
    buckets: number[],
    [name, help, ...labelNames]: [string, string, ...string[]],
  ) =>
    new Histogram({
      name: `gosling_${name}`,
      help,
      labelNames,
      buckets,
      registers: [registry],
    });
  const wait = (...figure: [name: string, help: string, label: string]) =>
    spread(WAITS, figure);
  const part = (...figure: [name: string, help: string, ...string[]]) =>
    spread(PART_SECONDS, figure);
  return {
    requests: wait(
      "request_seconds",
      "From a request's arrival to the end of its last turn",
      "route",
    ),
    firstToken: wait(
      "time_to_first_token_seconds",
      "From a request's arrival to the first text of a turn",
      "model",
    ),
    queue: wait(
      "queue_wait_seconds",
      "Time that turns wait for a lane",
      "model",
    ),
    perToken: part(
      "time_per_token_seconds",
      "Mean time of a turn's tokens after those of its first draw",
      "model",
    ),
    phases: part("phase_seconds", "Time of the parts of requests", "phase"),
    steps: part(
      "step_seconds",
      "Device time of a step of all lanes: one that reads prompts, or only draws",
      "model",
      "work",
    ),
    stepLanes: spread(LANES, [
      "step_lanes",
      "Lanes that share a step",
      "model",
    ]),
  };
}
