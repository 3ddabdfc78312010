/**
 * The keeper between the program and clients that keep nothing: what `openai` has the
 * model read in 40 turns, with its whole history, with the state, and through the
 * keeper. `deno test -A keeper_test.ts -- --show` prints the figures.
 *
 * @module
 */

import { assert } from "@std/assert";
import OpenAI from "openai";
import { aiAnthropic } from "./ai_anthropic.ts";
import { aiOllama } from "./ai_ollama.ts";
import { CASES } from "./client.ts";
import { langchainOllama } from "./langchain_ollama.ts";
import { openAiChat } from "./openai_chat.ts";
import { record } from "./recorder.ts";
import { SCRIPT } from "./script.ts";
import { serve, serveKeeper, serveScripted } from "./server.ts";

const TURNS = 40;

/** Whether times are wanted, which takes several rounds. */
const SHOW = Deno.args.includes("--show");

/** What a conversation took. */
interface Cost {
  /** Tokens that the model read. */
  readonly read: number;
  readonly seconds: number;
}

type Ask = (
  openai: OpenAI,
  content: string,
) => Promise<OpenAI.ChatCompletion>;

const SETTINGS = { model: "gosling", temperature: 0, max_tokens: 24 } as const;

/** Asks with all that was said before. */
function withHistory(): Ask {
  const messages: OpenAI.ChatCompletionMessageParam[] = [];
  return async (openai, content) => {
    messages.push({ role: "user", content });
    const answer = await openai.chat.completions.create({
      ...SETTINGS,
      messages,
    });
    const said = answer.choices[0]?.message.content ?? "";
    messages.push({ role: "assistant", content: said });
    return answer;
  };
}

/** Asks with the state. */
function withState(): Ask {
  let state: string | undefined;
  return async (openai, content) => {
    const answer = await openai.chat.completions.create({
      ...SETTINGS,
      messages: [{ role: "user", content }],
      ...{ state },
    });
    ({ state } = answer as { state?: string });
    return answer;
  };
}

async function converse(baseURL: string, ask: Ask): Promise<Cost> {
  const openai = new OpenAI({ baseURL, apiKey: "unused", maxRetries: 0 });
  const from = performance.now();
  let read = 0;
  for (let turn = 0; turn < TURNS; turn++) {
    const { usage } = await ask(openai, `Number ${turn}: what is next?`);
    read += (usage?.prompt_tokens ?? 0) -
      (usage?.prompt_tokens_details?.cached_tokens ?? 0);
  }
  return { read, seconds: (performance.now() - from) / 1000 };
}

/** What each of several costs at best, in as many rounds. */
async function alternating(
  works: readonly (() => Promise<Cost>)[],
  rounds: number,
): Promise<Cost[]> {
  const best: Cost[] = [];
  for (let round = 0; round < rounds; round++) {
    for (const [i, work] of works.entries()) {
      const cost = await work();
      if (cost.seconds < (best[i]?.seconds ?? Infinity)) best[i] = cost;
    }
  }
  return best;
}

Deno.test(`${TURNS} turns of openai through the keeper read what the state alone would`, async () => {
  await using server = await serve();
  await using keeper = await serveKeeper(server.baseURL);
  const whole = await converse(server.baseURL, withHistory());
  const [state, kept] = await alternating([
    () => converse(server.baseURL, withState()),
    () => converse(keeper.baseURL, withHistory()),
  ], SHOW ? 5 : 1);
  if (SHOW) {
    const line = `${JSON.stringify({ whole, state, kept })}\n`;
    await Deno.stdout.write(new TextEncoder().encode(line));
  }
  assert(kept.read <= 1.1 * state.read, `${kept.read} tokens of ${state.read}`);
  assert(whole.read > 10 * kept.read, `${whole.read} tokens`);
});

Deno.test("clients without a place for a state have one through the keeper", async () => {
  await using server = await serve();
  await using scripted = await serveScripted(SCRIPT);
  await using real = record(server.baseURL);
  await using told = record(scripted.baseURL);
  await using first = await serveKeeper(real.baseURL);
  await using second = await serveKeeper(told.baseURL);
  const place = { baseURL: first.baseURL, scriptedURL: second.baseURL };
  for (const client of [langchainOllama, aiOllama, aiAnthropic, openAiChat]) {
    for (const title of CASES) {
      const run = client.cases[title];
      const own = client === openAiChat && title !== "a tool loop";
      if (run === undefined || own) continue;
      [real, told].forEach((recorder) => recorder.take());
      await run(place);
      const asked = [...real.take(), ...told.take()]
        .filter(({ method, path }) =>
          method === "POST" && !path.endsWith("/count_tokens")
        );
      for (const [i, { prompt, cached }] of asked.entries()) {
        assert(
          i === 0 || prompt === 0 || cached > 0,
          `${client.name}, ${title}: request ${
            i + 1
          } has read none of ${prompt}`,
        );
      }
    }
  }
});
