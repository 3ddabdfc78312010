/**
 * What a contestant of `bench/peers.ts` is asked, one JSON line each way. Both are
 * processes of their own, so that neither warms, fills or blocks the other.
 *
 * @module
 */

import { spawn } from "node:child_process";
import { createInterface } from "node:readline";
import type { Quantization } from "../../src/device/device.ts";

/** Which model, kept how, for how many conversations. */
export interface Load {
  readonly do: "load";
  /** A name of `PRESETS`, or `embedded`. */
  readonly model: string;
  /** How ours keeps the matrices. */
  readonly quantization: Quantization;
  /** The model in F16, which ours packs. */
  readonly source: string;
  /** The same weights as llama.cpp keeps them. */
  readonly file: string;
  readonly lanes: number;
  readonly threads: number;
}

/** Tokens read in one step, then tokens drawn, on every lane. */
export interface Speed {
  readonly do: "speed";
  readonly prompt: number;
  readonly drawn: number;
  readonly runs: number;
}

/** A turn of 21 tokens after a history; `lost` reads the history again. */
export interface Turn {
  readonly do: "turn";
  readonly history: number;
  readonly lost: boolean;
}

/** A question. */
export type Question = Load | Speed | Turn;

/** Figures by their name: tokens a second, or milliseconds. */
export type Answer = Readonly<Record<string, number>>;

/** A process that answers. */
export interface Contestant extends AsyncDisposable {
  readonly pid: number;
  ask(question: Question): Promise<Answer>;
}

/** Starts one. */
export function contestant(
  command: string,
  args: readonly string[],
): Contestant {
  const child = spawn(command, args, { stdio: ["pipe", "pipe", "inherit"] });
  const lines = createInterface({ input: child.stdout })
    [Symbol.asyncIterator]();
  return {
    pid: child.pid ?? 0,
    async ask(question) {
      child.stdin.write(`${JSON.stringify(question)}\n`);
      const { value, done } = await lines.next();
      if (done) throw new Error(`Cannot go on: ${command} ended`);
      return JSON.parse(value);
    },
    async [Symbol.asyncDispose]() {
      const ended = new Promise((resolve) => child.once("exit", resolve));
      child.stdin.end();
      child.kill("SIGKILL");
      await ended;
    },
  };
}
