/**
 * What tests of the engine share: turns with every default, and one way to take
 * them to their end.
 *
 * @module
 */

import type {
  DoneEvent,
  Engine,
  ModelInfo,
  Turn,
} from "../../src/engine/engine.ts";
import { openEngine } from "../../src/engine/device_engine.ts";
import type { SamplingOptions } from "../../src/text/sampling_options.ts";
import {
  FAKE_SHAPE,
  FakeModel,
  type FakeModelOptions,
  fakeTokenizer,
} from "../support/fake_device.ts";

export const SAMPLING: SamplingOptions = {
  temperature: 1,
  topK: 0,
  topP: 1,
  minP: 0,
  presencePenalty: 0,
  frequencyPenalty: 0,
  penaltyDecay: 0.996,
  logitBias: new Map(),
};

export const TURN: Turn = {
  prompt: "",
  maxTokens: 16,
  sampling: SAMPLING,
  stops: [],
};

/** A turn that has ended. */
export interface Taken extends DoneEvent {
  readonly text: string;
  readonly pieces: readonly string[];
}

/** Takes a turn to its end; a blank one with a seed of its own. */
export async function take(
  engine: Engine,
  turn: Partial<Turn>,
  signal = new AbortController().signal,
): Promise<Taken> {
  const pieces: string[] = [];
  const seed = turn.save === undefined ? { seed: [1, 2] as const } : {};
  const whole = { ...TURN, ...seed, ...turn };
  for await (const event of engine.generate(whole, signal)) {
    if (event.type === "done") {
      return { ...event, text: pieces.join(""), pieces };
    }
    pieces.push(event.text);
  }
  throw new TypeError("The turn did not end");
}

/** How the fake engine differs from the usual one. */
export interface FakeEngineOptions extends FakeModelOptions {
  readonly maxTurns?: number;
  readonly waiting?: number;
  readonly kind?: ModelInfo["device"]["kind"];
  readonly load?: () => Promise<FakeModel>;
}

/** An engine on the fake device. */
export async function fakeEngine(
  options: FakeEngineOptions,
): Promise<{ engine: Engine; model: FakeModel }> {
  const model = new FakeModel(options);
  const engine = await openEngine({
    model: {
      id: "fake",
      shape: FAKE_SHAPE,
      fingerprint: "00".repeat(32),
      parameters: 0,
      quantization: "none",
      device: { kind: options.kind ?? "wasm", name: "fake" },
      lanes: options.maxTurns ?? options.lanes,
    },
    format: { fingerprint: new Uint8Array(32), shape: FAKE_SHAPE },
    tokenizer: fakeTokenizer,
    maxWaiting: options.waiting ?? 100,
    load: options.load ?? (() => Promise.resolve(model)),
  });
  return { engine, model };
}
