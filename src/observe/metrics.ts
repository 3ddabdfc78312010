/**
 * What is counted for `GET /metrics`. Every label has few values, all of them the
 * program's or the operator's own words: patterns of routes, codes, models and
 * tenants by their configured names. What clients send is never a label.
 *
 * @module
 */

import { Registry } from "prom-client";
import type { Engine } from "../engine/engine.ts";
import type { StepReport } from "../engine/turn_observer.ts";
import { counters, histograms } from "./metric_families.ts";
import {
  describeModels,
  describeProcess,
  type ProcessFacts,
} from "./metric_gauges.ts";
import type { Observer } from "./request_observer.ts";
import type {
  PhaseRecord,
  RequestRecord,
  TurnRecord,
} from "./request_record.ts";

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
  readonly #registry = new Registry();
  readonly #counters: ReturnType<typeof counters>;
  readonly #histograms: ReturnType<typeof histograms>;

  /** Begins at zero. */
  constructor(facts: ProcessFacts) {
    this.#counters = counters(this.#registry);
    this.#histograms = histograms(this.#registry);
    describeProcess(this.#registry, facts);
    describeModels(this.#registry, this.#engines);
  }

  /** Everything, in Prometheus' text format. */
  text(): Promise<string> {
    return this.#registry.metrics();
  }

  /** Counts a request and its turns. */
  finished(record: RequestRecord): void {
    const { status, tenant } = record.answer;
    const route = record.answer.route || "none";
    const method = METHODS.has(record.method) ? record.method : "other";
    const seconds = (record.endedAt - record.startedAt) / 1000;
    this.#counters.requests.inc({ method, route, status, tenant });
    this.#histograms.requests.observe({ route }, seconds);
    if (record.code !== undefined) {
      this.#counters.rejections.inc({ code: record.code });
    }
    for (const turn of record.turns) this.#turn(turn, record);
    for (const phase of record.phases) this.#phase(phase);
  }

  /** Shows a model's lanes and queue. */
  serving(engine: Engine): void {
    const { id: model } = engine.model;
    this.#engines.set(model, engine);
    this.#counters.losses.inc({ model }, 0);
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
    this.#histograms.steps.observe({ model, work }, ms / 1000);
    this.#histograms.stepLanes.observe({ model }, lanes);
    this.#counters.stepTokens.inc({ model, kind: "read" }, read);
    this.#counters.stepTokens.inc({ model, kind: "drawn" }, drawn);
  }

  /** Counts a loss. */
  lost(model: string): void {
    this.#counters.losses.inc({ model });
  }

  #turn(turn: TurnRecord, { answer, startedAt }: RequestRecord): void {
    const { model, end, firstTextAt } = turn;
    const { tenant } = answer;
    this.#counters.turns.inc({ model, finish: end });
    this.#counters.read.inc({ model, tenant }, turn.read);
    this.#counters.generated.inc({ model, tenant }, turn.generated);
    this.#counters.resumed.inc({ model, tenant }, turn.resumed);
    if (firstTextAt === undefined) return;
    const seconds = (firstTextAt - startedAt) / 1000;
    this.#histograms.firstToken.observe({ model }, seconds);
  }

  #phase({ name, from, to, model, tokens = 0, state }: PhaseRecord): void {
    const seconds = (to - from) / 1000;
    this.#histograms.phases.observe({ phase: name }, seconds);
    if (name === "wait" && model !== undefined) {
      this.#histograms.queue.observe({ model }, seconds);
    }
    if (name === "decode" && model !== undefined && tokens > 0) {
      this.#histograms.perToken.observe({ model }, seconds / tokens);
    }
    if (state === undefined) return;
    const { codec, bytes } = state;
    const direction = name === "open" ? "in" : "out";
    this.#counters.states.inc({ direction, codec });
    this.#counters.stateBytes.inc({ direction, codec }, bytes);
  }
}
