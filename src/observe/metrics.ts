/**
 * What is counted for `GET /metrics`. Every label has few values, all of them the
 * program's or the operator's own words: patterns of routes, codes, models and
 * tenants by their configured names. What clients send is never a label.
 *
 * @module
 */

import type { Engine } from "../engine/engine.ts";
import type { StepReport } from "../engine/observer.ts";
import { Figures } from "./figures.ts";
import type { Observer } from "./observer.ts";
import type { PhaseRecord, RequestRecord, TurnRecord } from "./record.ts";

/** What the program knows of its process. */
export interface ProcessFacts {
  /** The program's version. */
  readonly version: string;
  /** The runtime's name and version. */
  readonly runtime: string;
  /** Bytes of memory in use now. */
  readonly memory: () => { readonly resident: number; readonly heap: number };
}

/** Upper ends of buckets, seconds: what people wait for. */
const WAITS = [
  [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5],
  [1, 2.5, 5, 10, 30, 60, 120, 300],
].flat();

/** The same for parts of requests: each twice the one before, from 0.25 ms. */
const PARTS = Array.from({ length: 18 }, (_, i) => 2 ** i / 4000);

/** Upper ends of buckets, lanes. */
const LANES = [1, 2, 4, 8, 16, 32, 64, 128, 256];

/** Methods that are counted by name. */
const METHODS: ReadonlySet<string> = new Set([
  "GET",
  "HEAD",
  "OPTIONS",
  "POST",
]);

/** Counts what happens. */
export class Metrics implements Observer {
  readonly #engines = new Map<string, Engine>();
  readonly #figures: Figures;
  readonly #counted: ReturnType<typeof counters>;
  readonly #timed: ReturnType<typeof histograms>;

  /** Begins at zero. */
  constructor(facts: ProcessFacts) {
    this.#figures = new Figures();
    this.#counted = counters(this.#figures);
    this.#timed = histograms(this.#figures);
    describeProcess(this.#figures, facts);
    describeModels(this.#figures, this.#engines);
  }

  /** The media type of {@linkcode text}. */
  get type(): string {
    return this.#figures.type;
  }

  /** Everything, in Prometheus' text format. */
  text(): Promise<string> {
    return this.#figures.text();
  }

  /** Counts a request and its turns. */
  finished(record: RequestRecord): void {
    const { status, tenant } = record.answer;
    const route = record.answer.route || "none";
    const method = METHODS.has(record.method) ? record.method : "other";
    const seconds = (record.endedAt - record.startedAt) / 1000;
    this.#counted.requests.inc({ method, route, status, tenant });
    this.#timed.requests.observe({ route }, seconds);
    if (record.code !== undefined) {
      this.#counted.rejections.inc({ code: record.code });
    }
    for (const turn of record.turns) this.#turn(turn, record);
    for (const phase of record.phases) this.#phase(phase);
  }

  /** Shows a model's lanes and queue. */
  serving(engine: Engine): void {
    const { id: model } = engine.model;
    this.#engines.set(model, engine);
    this.#counted.losses.inc({ model }, 0);
  }

  /** Shows a model no more. */
  retired(engine: Engine): void {
    const { id } = engine.model;
    if (this.#engines.get(id) === engine) this.#engines.delete(id);
  }

  /** Counts a step. */
  stepped(model: string, report: StepReport): void {
    const { ms, lanes, reading, read, drawn } = report;
    const work = reading ? "read" : "draw";
    this.#timed.steps.observe({ model, work }, ms / 1000);
    this.#timed.stepLanes.observe({ model }, lanes);
    this.#counted.stepTokens.inc({ model, kind: "read" }, read);
    this.#counted.stepTokens.inc({ model, kind: "drawn" }, drawn);
  }

  /** Counts a loss. */
  lost(model: string): void {
    this.#counted.losses.inc({ model });
  }

  #turn(turn: TurnRecord, { answer, startedAt }: RequestRecord): void {
    const { model, end, firstTextAt } = turn;
    const { tenant } = answer;
    this.#counted.turns.inc({ model, finish: end });
    this.#counted.read.inc({ model, tenant }, turn.read);
    this.#counted.generated.inc({ model, tenant }, turn.generated);
    this.#counted.resumed.inc({ model, tenant }, turn.resumed);
    if (firstTextAt === undefined) return;
    const seconds = (firstTextAt - startedAt) / 1000;
    this.#timed.firstToken.observe({ model }, seconds);
  }

  #phase({ name, from, to, model, tokens = 0, state }: PhaseRecord): void {
    const seconds = (to - from) / 1000;
    this.#timed.phases.observe({ phase: name }, seconds);
    if (name === "wait" && model !== undefined) {
      this.#timed.queue.observe({ model }, seconds);
    }
    if (name === "decode" && model !== undefined && tokens > 0) {
      this.#timed.perToken.observe({ model }, seconds / tokens);
    }
    if (state === undefined) return;
    const { codec, bytes } = state;
    const direction = name === "open" ? "in" : "out";
    this.#counted.states.inc({ direction, codec });
    this.#counted.stateBytes.inc({ direction, codec }, bytes);
  }
}

function counters(figures: Figures) {
  const count = (name: string, help: string, ...labels: string[]) =>
    figures.counter({ name: `${name}_total`, help, labels });
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

function histograms(figures: Figures) {
  const wait = (name: string, help: string, label: string) =>
    figures.histogram({ name, help, labels: [label] }, WAITS);
  const part = (name: string, help: string, ...labels: string[]) =>
    figures.histogram({ name, help, labels }, PARTS);
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
    stepLanes: figures.histogram({
      name: "step_lanes",
      help: "Lanes that share a step",
      labels: ["model"],
    }, LANES),
  };
}

function describeProcess(
  figures: Figures,
  { version, runtime, memory }: ProcessFacts,
): void {
  figures.gauge({
    name: "build_info",
    help: "Always 1",
    labels: ["version", "runtime"],
  }, (gauge) => gauge.set({ version, runtime }, 1));
  figures.gauge({
    name: "start_time_seconds",
    help: "Start of the process, seconds since 1970",
  }, (gauge) => gauge.set({}, performance.timeOrigin / 1000));
  figures.gauge({
    name: "resident_memory_bytes",
    help: "Memory of the process",
  }, (gauge) => gauge.set({}, memory().resident));
  figures.gauge({
    name: "heap_bytes",
    help: "JavaScript's heap in use",
  }, (gauge) => gauge.set({}, memory().heap));
}

function describeModels(
  figures: Figures,
  engines: ReadonlyMap<string, Engine>,
): void {
  const each = (
    name: string,
    help: string,
    value: (engine: Engine) => number,
  ) =>
    figures.gauge({ name, help, labels: ["model"] }, (gauge) => {
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
  figures.gauge({
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
