/**
 * The line in which new grammars wait to be tried, and what is remembered of them.
 * Tenants are served by turns; who has gone leaves the line. Of a grammar nothing
 * stays but a digest with a salt of this process, and what came of it.
 *
 * @module
 */

import { BusyError } from "../../errors.ts";
import type { Trial } from "./answer_follower.ts";
import type { Grammar, GrammarCaller } from "../grammar.ts";
import type { Failure } from "./grammar_thread.ts";

/** Grammars of one tenant that may wait, and of all of them. */
const MOST_WAITING = { tenant: 8, all: 64 };

/** Milliseconds that a grammar may wait to be tried. */
const LONGEST_WAIT = 30_000;

/** Grammars to remember. */
const REMEMBERED_GRAMMARS = 4096;

/** A grammar that waits. */
interface WaitingGrammar {
  readonly key: string;
  readonly grammar: Grammar;
  readonly settle: (trial: Trial | Error) => void;
}

/** Grammars tried, and grammars to be tried. */
export class Trials {
  readonly #tryGrammar: (grammar: Grammar) => Promise<Trial>;
  readonly #salt = crypto.randomUUID();
  /** The one not asked for longest first. */
  readonly #knownVerdicts = new Map<string, Trial>();
  /** Whose turn it is first. No tenant is here without a grammar. */
  readonly #tenantLines = new Map<string, WaitingGrammar[]>();
  /** Whose grammar was the last to be tried. */
  #served: string | undefined;
  #trialRunning = false;

  /** Tries grammars with `attempt`, one after the other. */
  constructor(attempt: (grammar: Grammar) => Promise<Trial>) {
    this.#tryGrammar = attempt;
  }

  /** What a grammar is remembered by. */
  async keyOf(grammar: Grammar): Promise<string> {
    const text = new TextEncoder().encode(this.#salt + JSON.stringify(grammar));
    const digest = await crypto.subtle.digest("SHA-256", text);
    return String.fromCharCode(...new Uint8Array(digest));
  }

  /** What is known of a grammar. */
  recall(key: string): Trial | undefined {
    const known = this.#knownVerdicts.get(key);
    if (known !== undefined) {
      this.#knownVerdicts.delete(key);
      this.#knownVerdicts.set(key, known);
    }
    return known;
  }

  /** Remembers what came of a grammar, unless that was the machine's fault. */
  remember(key: string, trial: Trial | Failure): void {
    if ("passing" in trial && trial.passing) return;
    this.#knownVerdicts.delete(key);
    this.#knownVerdicts.set(key, trial);
    const [oldest] = this.#knownVerdicts.keys();
    if (this.#knownVerdicts.size > REMEMBERED_GRAMMARS) {
      this.#knownVerdicts.delete(oldest);
    }
  }

  /**
   * Tries a grammar when it is its turn.
   *
   * @throws {BusyError} If too many wait, or it has waited too long.
   */
  async run(
    key: string,
    grammar: Grammar,
    { tenant = "", signal }: GrammarCaller,
  ): Promise<Trial> {
    const line = this.#tenantLines.get(tenant) ?? [];
    const all = [...this.#tenantLines.values()]
      .reduce((sum, { length }) => sum + length, 0);
    if (line.length >= MOST_WAITING.tenant || all >= MOST_WAITING.all) {
      throw busy("too many new grammars wait to be tried");
    }
    signal?.throwIfAborted();
    const { promise, resolve, reject } = Promise.withResolvers<Trial>();
    const waiting: WaitingGrammar = {
      key,
      grammar,
      settle: (trial) =>
        trial instanceof Error ? reject(trial) : resolve(trial),
    };
    this.#tenantLines.set(tenant, [...line, waiting]);
    const leave = (why: Error) => {
      if (this.#removeTrial(tenant, waiting)) reject(why);
    };
    const gone = () => leave(signal?.reason);
    const timer = setTimeout(
      () => leave(busy(`it has waited ${LONGEST_WAIT / 1000} s to be tried`)),
      LONGEST_WAIT,
    );
    signal?.addEventListener("abort", gone);
    void this.#runTrial();
    try {
      return await promise;
    } finally {
      clearTimeout(timer);
      signal?.removeEventListener("abort", gone);
    }
  }

  /** Refuses all that wait. */
  close(): void {
    const waiting = [...this.#tenantLines.values()].flat();
    this.#tenantLines.clear();
    for (const { settle } of waiting) settle(busy("the model is unloaded"));
  }

  async #runTrial(): Promise<void> {
    if (this.#trialRunning) return;
    this.#trialRunning = true;
    for (;;) {
      const next = this.#shift();
      if (next === undefined) break;
      try {
        // Another request may have had the same in the meantime.
        const trial = this.recall(next.key) ??
          await this.#tryGrammar(next.grammar);
        this.remember(next.key, trial);
        next.settle(trial);
      } catch (error) {
        next.settle(error instanceof Error ? error : new Error(String(error)));
      }
    }
    this.#trialRunning = false;
  }

  #shift(): WaitingGrammar | undefined {
    const [first] = this.#tenantLines;
    if (first === undefined) return undefined;
    // Who comes while another's is tried comes before that one's next.
    const other = [...this.#tenantLines].find(([tenant]) =>
      tenant !== this.#served
    );
    const [tenant, [waiting, ...rest]] = other ?? first;
    this.#served = tenant;
    this.#tenantLines.delete(tenant);
    if (rest.length > 0) this.#tenantLines.set(tenant, rest);
    return waiting;
  }

  #removeTrial(tenant: string, waiting: WaitingGrammar): boolean {
    const line = this.#tenantLines.get(tenant) ?? [];
    if (!line.includes(waiting)) return false;
    const rest = line.filter((one) => one !== waiting);
    if (rest.length === 0) this.#tenantLines.delete(tenant);
    else this.#tenantLines.set(tenant, rest);
    return true;
  }
}

function busy(found: string): BusyError {
  return new BusyError("ERR_TOO_BUSY", `Cannot try grammar: ${found}`);
}
