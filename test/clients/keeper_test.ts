/**
 * The keeper between the program and clients that keep nothing: what `openai` has the
 * model read in 40 turns, with its whole history, with the state, and through the
 * keeper. `deno test -A keeper_test.ts -- --show` prints the figures.
 *
 * @module
 */

import { assert } from "@std/assert";
import OpenAI from "openai";
import { serve, serveKeeper } from "./server.ts";

const TURNS = 40;

/** Rounds of which each turn's median is taken, where times are wanted. */
const ROUNDS = 15;

/** Whether times are wanted, which takes several rounds. */
const SHOW = Deno.args.includes("--show");

/** What a conversation took. */
interface Cost {
  /** Tokens that the model read. */
  readonly read: number;
  /** Milliseconds of each turn. */
  readonly turns: readonly number[];
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

/** Takes several conversations by turns, so that what else the machine does hits all. */
async function converse(
  ways: readonly (readonly [baseURL: string, ask: Ask])[],
): Promise<Cost[]> {
  const costs = ways.map(() => ({ read: 0, turns: [] as number[] }));
  const talks = ways.map(([baseURL, ask]) => {
    const openai = new OpenAI({ baseURL, apiKey: "unused", maxRetries: 0 });
    return (words: string) => ask(openai, words);
  });
  for (let turn = 0; turn < TURNS; turn++) {
    for (let i = 0; i < ways.length; i++) {
      // None is always the first.
      const at = (i + turn) % ways.length;
      const from = performance.now();
      const { usage } = await talks[at](`Number ${turn}: what is next?`);
      costs[at].turns.push(performance.now() - from);
      costs[at].read += (usage?.prompt_tokens ?? 0) -
        (usage?.prompt_tokens_details?.cached_tokens ?? 0);
    }
  }
  return costs;
}

function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  return sorted[sorted.length >> 1];
}

/** Milliseconds of a conversation, each turn the median of all rounds. */
function usual(rounds: readonly Cost[]): number {
  return Array.from(
    { length: TURNS },
    (_, turn) => median(rounds.map(({ turns }) => turns[turn])),
  ).reduce((sum, ms) => sum + ms, 0);
}

async function print(line: object): Promise<void> {
  const text = `${JSON.stringify(line)}\n`;
  await Deno.stdout.write(new TextEncoder().encode(text));
}

Deno.test(`${TURNS} turns of openai through the keeper read what the state alone would`, async () => {
  await using server = await serve();
  await using keeper = await serveKeeper(server.baseURL);
  const [whole] = await converse([[server.baseURL, withHistory()]]);
  const rounds: Cost[][] = [[], []];
  for (let round = 0; round < (SHOW ? ROUNDS : 1); round++) {
    const costs = await converse([
      [server.baseURL, withState()],
      [keeper.baseURL, withHistory()],
    ]);
    costs.forEach((cost, i) => rounds[i].push(cost));
    if (SHOW) await print({ round, costs });
  }
  const [[state], [kept]] = rounds;
  if (SHOW) {
    const [withState, throughKeeper] = rounds.map(usual);
    await print({
      load: Deno.loadavg(),
      read: { whole: whole.read, state: state.read, kept: kept.read },
      ms: { whole: usual([whole]), withState, throughKeeper },
      ratio: throughKeeper / withState,
    });
  }
  assert(kept.read <= 1.1 * state.read, `${kept.read} tokens of ${state.read}`);
  assert(whole.read > 10 * kept.read, `${whole.read} tokens`);
});
