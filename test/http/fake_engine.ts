/**
 * An engine without a model: it reads bytes as tokens and writes a text it is
 * given, one character a token. Routes can be tested to the last field with it.
 *
 * @module
 */

import type { Speaker } from "../../src/chat/chat_turn.ts";
import type { ChatTemplate } from "../../src/chat/template/chat_template.ts";
import type {
  DoneEvent,
  Engine,
  Finish,
  StopSequence,
  Turn,
  TurnEvent,
} from "../../src/engine/engine.ts";
import type { Grammars } from "../../src/grammar/grammar.ts";
import { superviseGrammars } from "../../src/grammar/thread/grammar_supervisor.ts";
import { stateLength } from "../../src/model/shape.ts";
import { extendChain } from "../../src/state/token_chain.ts";
import type { Save } from "../../src/state/save.ts";
import {
  EMPTY_TRANSCRIPT,
  extendTranscript,
} from "../../src/state/transcript.ts";
import type { ScoredToken } from "../../src/text/logprobs.ts";
import { encodePrompt, promptText } from "../../src/text/prompt_pieces.ts";
import type { Tokenizer } from "../../src/text/tokenizer.ts";

/** How the fake behaves. */
export interface FakeOptions {
  /** What it writes, given the prompt and the tokens read before it. */
  readonly reply?: (prompt: string, position: number) => string;
  /** What it throws instead of its first event. */
  readonly refuse?: () => Error;
  /** What it does when it is asked for room. */
  readonly full?: () => void;
  /** What it throws after the first text. */
  readonly fail?: () => Error;
  /** What the model is called. */
  readonly model?: string;
  /** The model's chat template; absent: the World's. */
  readonly template?: ChatTemplate;
  /** Whether its texts begin with the end-of-text token. */
  readonly bos?: Speaker["bos"];
  /** How to draw, where a request does not say. */
  readonly decoding?: Speaker["decoding"];
  /** What ends an answer in a chat, besides what its template has. */
  readonly ends?: Speaker["ends"];
  /** How many tokens of a prompt a turn that is cut off leaves unread. */
  readonly unread?: number;
  /** How long a token takes; 0 yields to nobody. */
  readonly tokenMs?: number;
}

/** What tests look at. */
export interface FakeEngine extends Engine {
  /** Every turn asked for. */
  readonly turns: Turn[];
  /** Tokens drawn in all turns. */
  drawn: number;
  /** Turns whose generator has been left, however that happened. */
  freed: number;
  /** Settable: what `/readyz` asks. */
  ready: boolean;
}

export const SHAPE = {
  L: 1,
  D: 64,
  H: 1,
  F: 256,
  V: 257,
  ranks: { w: 8, a: 8, v: 0, g: 8 },
};

/** Bytes are tokens 1 to 256; 0 ends the text. */
export const byteTokenizer: Tokenizer = {
  size: 257,
  end: 0,
  digest: new Uint8Array(32),
  encode: (text) => [...new TextEncoder().encode(text)].map((b) => b + 1),
  bytes: (token) =>
    token > 0 && token <= 256 ? Uint8Array.of(token - 1) : new Uint8Array(),
};

const BLANK: Save = {
  values: new Float32Array(stateLength(SHAPE)),
  position: 0,
  unread: [],
  seed: [1, 2],
  counts: new Map(),
  utf8: new Uint8Array(),
  chat: { open: false, thinking: false },
  chain: new Uint8Array(32),
};

/** What a save says of tokens that are read after it. */
function reading(
  { chain, transcript = EMPTY_TRANSCRIPT }: Save,
  tokens: readonly number[],
): Pick<Save, "chain" | "transcript"> {
  return {
    chain: extendChain(chain, tokens),
    transcript: extendTranscript(transcript, tokens, [], byteTokenizer.bytes),
  };
}

/** Every token has the log probability of minus its id. */
function scored(tokens: readonly number[], top: number): ScoredToken[] {
  return tokens.map((token) => ({
    token,
    logprob: -token,
    top: Array.from({ length: top }, (_, i) => ({
      token: token + i,
      logprob: -token - i,
    })),
  }));
}

/** Letters at the end of `text` that could become a stop. */
function heldLength(text: string, stops: readonly StopSequence[]): number {
  const lengths = stops.flatMap((stop) =>
    Array.from({ length: stop.text.length }, (_, length) => length)
      .filter((length) => text.endsWith(stop.text.slice(0, length)))
  );
  return Math.max(0, ...lengths);
}

/** Grammars over {@linkcode byteTokenizer}; no thread until one is asked for. */
export function byteGrammars(): Grammars {
  return superviseGrammars({ tokenizer: byteTokenizer, V: SHAPE.V });
}

export function fakeEngine(options: FakeOptions = {}): FakeEngine {
  const { reply = () => " Hello!\n\n", refuse, fail, tokenMs = 0 } = options;
  const turns: Turn[] = [];

  async function* generate(
    turn: Turn,
    signal: AbortSignal,
  ): AsyncGenerator<TurnEvent, void> {
    turns.push(turn);
    if (refuse !== undefined) throw refuse();
    const { transcript, ...before }: Save = turn.save ??
      { ...BLANK, seed: turn.seed ?? BLANK.seed };
    const prompt = promptText(turn.prompt, byteTokenizer);
    const promptTokens = encodePrompt(turn.prompt, byteTokenizer).length;
    let written = "";
    let given = 0;
    let finish: Finish = "length";
    const now = performance.now();
    turn.observer?.phase("prefill", now, now, promptTokens);
    let stop: StopSequence | undefined;
    try {
      for (const letter of reply(prompt, before.position)) {
        if ([...written].length >= turn.maxTokens) break;
        if (tokenMs > 0) await new Promise((r) => setTimeout(r, tokenMs));
        if (signal.aborted) {
          finish = "cancelled";
          break;
        }
        engine.drawn++;
        written += letter;
        stop = turn.stops.find(({ text }) => written.endsWith(text));
        if (stop !== undefined) {
          finish = "stop";
          break;
        }
        const upTo = written.length - heldLength(written, turn.stops);
        const text = written.slice(given, upTo);
        given = upTo;
        if (text !== "") {
          yield {
            type: "text",
            text,
            ...(turn.logprobs !== undefined &&
              { tokens: scored(byteTokenizer.encode(text), turn.logprobs) }),
          };
        }
        if (fail !== undefined) throw fail();
      }
      const end = written.length - (stop?.text.length ?? 0);
      if (given < end) yield { type: "text", text: written.slice(given, end) };
      const completionTokens = byteTokenizer.encode(written).length;
      const position = before.position + promptTokens + completionTokens;
      const values = Float32Array.from(before.values);
      values[0] = position;
      const done: DoneEvent = {
        type: "done",
        finish,
        ...(stop !== undefined && { stop }),
        save: {
          ...before,
          values,
          position,
          ...(turn.transcript && {
            ...reading({ ...before, ...(transcript && { transcript }) }, [
              ...encodePrompt(turn.prompt, byteTokenizer),
              ...byteTokenizer.encode(written),
            ]),
          }),
          ...(signal.aborted && { unread: Array(options.unread ?? 0).fill(1) }),
        },
        usage: {
          promptTokens,
          completionTokens,
          position,
          prefillSavedTokens: before.position,
        },
        timings: { prefillMs: 1, decodeMs: 2 },
      };
      yield done;
    } finally {
      engine.freed++;
    }
  }

  const engine: FakeEngine = {
    model: {
      id: options.model ?? "fake",
      shape: SHAPE,
      fingerprint: "ab".repeat(32),
      parameters: 1234,
      quantization: "none",
      device: {
        kind: "wasm",
        name: "nothing",
        threads: { decode: 1, prefill: 4, most: 8 },
      },
      lanes: 2,
    },
    format: { fingerprint: new Uint8Array(32).fill(0xab), shape: SHAPE },
    tokenizer: byteTokenizer,
    ready: true,
    load: { busy: 0, waiting: 0 },
    turns,
    drawn: 0,
    freed: 0,
    expectRoom: () => options.full?.(),
    generate,
    score: ({ texts, top = 0 }) =>
      Promise.resolve(
        texts.map((text) => scored(encodePrompt(text, byteTokenizer), top)),
      ),
    dispose: () => Promise.resolve(),
  };
  return engine;
}
