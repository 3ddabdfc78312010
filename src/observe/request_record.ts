/**
 * What is known of a request besides its content: who, which route, what became
 * of it, how many tokens, how long. Nothing here can hold a text, a state or a
 * key, so nothing that is made of it can give one away.
 *
 * @module
 */

import type { DoneEvent, Finish } from "../engine/engine.ts";
import type { TurnObserver, TurnPhase } from "../engine/turn_observer.ts";
import type { CodecName } from "../state/save.ts";

/** Parts of a request that have a duration. */
export type Phase = TurnPhase | "open" | "grammar" | "seal";

/** A part of a request that is over. */
export interface PhaseRecord {
  /** Which. */
  readonly name: Phase;
  /** Its start, as `performance.now()` said it. */
  readonly from: number;
  /** Its end, likewise. */
  readonly to: number;
  /** The model, in a part of a turn. */
  readonly model?: string;
  /** Tokens read or drawn in it. */
  readonly tokens?: number | undefined;
  /** The state opened or sealed in it. */
  readonly state?: StateRecord | undefined;
}

/** A state that came in or went out. */
export interface StateRecord {
  /** How its values are written. */
  readonly codec: CodecName;
  /** Bytes as sent. */
  readonly bytes: number;
}

/** How a turn ended; `abandoned` where nobody wanted its end any more. */
export type TurnEnd = Finish | "abandoned" | "failed";

/** A turn of a request; most have one. */
export class TurnRecord implements TurnObserver {
  /** Which model. */
  readonly model: string;
  /** How it ended. */
  end: TurnEnd = "abandoned";
  /** When its first text came, as `performance.now()` said it. */
  firstTextAt?: number;
  /** Tokens of the prompt. */
  read = 0;
  /** Tokens drawn and kept. */
  generated = 0;
  /** Tokens that its state had read before. */
  resumed = 0;
  readonly #phases: PhaseRecord[];

  /** Begins; its parts go to `phases`. */
  constructor(model: string, phases: PhaseRecord[]) {
    this.model = model;
    this.#phases = phases;
  }

  /** A part is over. */
  phase(name: TurnPhase, from: number, to: number, tokens?: number): void {
    if (name === "prefill") this.read = tokens ?? 0;
    this.#phases.push({ name, from, to, model: this.model, tokens });
  }

  /** It came to its end. */
  done({ finish, usage }: DoneEvent): void {
    this.end = finish;
    this.read = usage.promptTokens;
    this.generated = usage.completionTokens;
    this.resumed = usage.prefillSavedTokens;
  }
}

/** Who asks for what. */
export interface RequestStart {
  /** The request id, a UUID. */
  readonly id: string;
  /** The HTTP method. */
  readonly method: string;
}

/** How a request was answered. */
export interface RequestAnswer {
  /** The pattern of the route; empty where none matched. */
  readonly route: string;
  /** The name of the caller's key; empty where there are no keys. */
  readonly tenant: string;
  /** The HTTP status. */
  readonly status: number;
}

/** A request from its beginning to the end of its last turn. */
export class RequestRecord {
  /** The request id, a UUID. */
  readonly id: string;
  /** The HTTP method. */
  readonly method: string;
  /** When it came, as `performance.now()` said it. */
  readonly startedAt: number = performance.now();
  /** When all its work was done. */
  endedAt: number = this.startedAt;
  /** How it was answered, once it was. */
  answer: RequestAnswer = { route: "", tenant: "", status: 0 };
  /** Why it was refused, or broke off. */
  code?: string;
  /** Names of its fields that are not known and were ignored. */
  ignored: readonly string[] = [];
  /** Its parts, in the order in which they ended. */
  readonly phases: PhaseRecord[] = [];
  /** Its turns. */
  readonly turns: TurnRecord[] = [];
  readonly #finished: (record: RequestRecord) => void;
  /** Work that is not done; answering is the first piece of it. */
  #openPhases = 1;

  /**
   * Begins a record.
   *
   * @param start Who asks for what.
   * @param finished Told once, when all work is done.
   */
  constructor(
    { id, method }: RequestStart,
    finished: (record: RequestRecord) => void,
  ) {
    this.id = id;
    this.method = method;
    this.#finished = finished;
  }

  /** Work has begun that may outlast the beginning of the answer. */
  hold(): void {
    this.#openPhases++;
  }

  /** A piece of work is done. */
  release(): void {
    if (--this.#openPhases > 0) return;
    this.endedAt = performance.now();
    this.#finished(this);
  }

  /** A turn has begun. */
  turn(model: string): TurnRecord {
    const turn = new TurnRecord(model, this.phases);
    this.turns.push(turn);
    return turn;
  }

  /** A part is over now. */
  ended(name: Phase, from: number, state?: StateRecord): void {
    this.phases.push({ name, from, to: performance.now(), state });
  }

  /** Milliseconds spent in a part, all turns together; nothing if in none. */
  spent(name: Phase): number | undefined {
    const parts = this.phases.filter((phase) => phase.name === name);
    if (parts.length === 0) return undefined;
    return parts.reduce((sum, { from, to }) => sum + to - from, 0);
  }
}
