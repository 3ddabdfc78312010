/**
 * What is measured of a server under load, each part by itself.
 *
 * @module
 */

import { Client } from "../../src/client/client.ts";
import { gather, type Group, type Notes, pause } from "./crowd.ts";
import { fairness, slope, type Spread, spread } from "./figures.ts";

/** A server to measure. */
export interface Target {
  /** Where it is. */
  readonly url: string;
  /** Makes a group of conversations under one of its keys, by number. */
  readonly group: (key: number, conversations: number) => Group;
  /** How many keys there are. */
  readonly keys: number;
}

/** Told how far a part has come, of 1. */
export type Progress = (share: number, words: string) => void;

/** Many conversations at once, none refused. */
export interface Steady {
  readonly conversations: number;
  readonly seconds: number;
  readonly turns: number;
  readonly tokens: number;
  readonly tokensPerSecond: number;
  readonly firstMs: Spread;
  readonly tokenMs: Spread;
  readonly refusals: number;
  readonly errors: readonly string[];
  /** Of turns among tenants, Jain's index. */
  readonly fairness: number;
}

/** Memory over many turns. */
export interface Memory {
  readonly turns: number;
  readonly seconds: number;
  /** Turns, and MiB of the process and of JavaScript's heap after them. */
  readonly samples: readonly (readonly [
    turns: number,
    resident: number,
    heap: number,
  ])[];
  /** MiB of the process for 1,000 turns, over the second half. */
  readonly slope: number;
  readonly refusals: number;
  readonly errors: readonly string[];
}

/** More than the server can take, most of it from one tenant. */
export interface Overload {
  readonly conversations: number;
  readonly seconds: number;
  /** First text of a lone turn before, milliseconds. */
  readonly idleMs: number;
  readonly turns: number;
  readonly tokensPerSecond: number;
  readonly refusals: Readonly<Record<string, number>>;
  readonly refusalMs: Spread;
  /** `GET /healthz` in the midst of it. */
  readonly healthMs: Spread;
  readonly errors: readonly string[];
  /** First text of the many and of the few. */
  readonly greedyMs: Spread;
  readonly modestMs: Spread;
  readonly modestTurns: number;
  readonly modestRefusals: number;
  /** Turns and refusals that ended in each second. */
  readonly series: readonly (readonly [
    second: number,
    turns: number,
    refusals: number,
  ])[];
  /** Milliseconds from the end of it until a lone turn is as fast as before. */
  readonly recoveryMs: number;
}

/** Tokens of an answer at most. */
const LONG = 48, SHORT = 8;

/** Milliseconds before who was turned away tries again, as `retry-after` asks. */
const PATIENCE = 1000;

/** Conversations under all keys, equally. */
function equally({ keys, group }: Target, conversations: number): Group[] {
  return Array.from(
    { length: keys },
    (_, i) => group(i, Math.floor((conversations + i) / keys)),
  );
}

/** Measures speed. Turns of the first tenth of the time are not counted. */
export async function measureSteady(
  target: Target,
  conversations: number,
  seconds: number,
  progress: Progress,
): Promise<Steady> {
  const warm = seconds / 10;
  const notes = await timed(target, {
    groups: equally(target, conversations),
    seconds: seconds + warm,
    maxTokens: LONG,
  }, progress);
  const turns = notes.turns.filter(({ at }) => at > warm);
  const tokens = turns.reduce((sum, turn) => sum + turn.tokens, 0);
  const names = new Set(turns.map(({ name }) => name));
  return {
    conversations,
    seconds,
    turns: turns.length,
    tokens,
    tokensPerSecond: tokens / seconds,
    firstMs: spread(turns.map(({ firstMs }) => firstMs)),
    tokenMs: spread(
      turns.map(({ tokenMs }) => tokenMs).filter((ms) => ms !== undefined),
    ),
    refusals: notes.refusals.length,
    errors: kinds(notes.errors),
    fairness: fairness(
      [...names].map((name) =>
        turns.filter((turn) => turn.name === name).length
      ),
    ),
  };
}

/** Measures memory over so many turns of so many conversations. */
export async function measureMemory(
  target: Target,
  conversations: number,
  turns: number,
  progress: Progress,
): Promise<Memory> {
  const samples: [number, number, number][] = [];
  const every = Math.ceil(turns / 100);
  let begun = 0;
  let last: Promise<unknown> = Promise.resolve();
  const sample = async (done: number) => {
    const { resident, heap } = await memoryOf(target);
    samples.push([done, resident, heap]);
    progress(done / turns, `${resident.toFixed(0)} MiB`);
  };
  const from = performance.now();
  const notes = await gather({
    url: target.url,
    groups: equally(target, conversations),
    maxTokens: SHORT,
    patienceMs: PATIENCE,
    more: () => begun++ < turns,
    told({ turns: { length } }): void {
      if (length % every === 0) last = last.then(() => sample(length));
    },
  }, new AbortController().signal);
  await last;
  const half = samples.slice(samples.length >> 1);
  return {
    turns: notes.turns.length,
    seconds: (performance.now() - from) / 1000,
    samples,
    slope: 1000 * slope(half.map(([turns, resident]) => [turns, resident])),
    refusals: notes.refusals.length,
    errors: kinds(notes.errors),
  };
}

/** Measures ten times too many conversations, and what comes after them. */
export async function measureOverload(
  target: Target,
  conversations: number,
  seconds: number,
  progress: Progress,
): Promise<Overload> {
  const few = target.group(1, Math.ceil(conversations / 100));
  const idle = [];
  for (let i = 0; i < 10; i++) idle.push(await loneTurn(target));
  const idleMs = spread(idle).p50;
  const many = target.group(0, conversations - few.conversations);
  const over = new AbortController();
  const probes = probe(target, over.signal);
  const notes = await timed(target, {
    groups: [many, few],
    seconds,
    maxTokens: LONG,
  }, progress);
  over.abort();
  const recoveryMs = await recovery(target, 2 * idleMs);
  const of = <T extends { readonly name: string }>(
    some: readonly T[],
    { name }: Group,
  ) => some.filter((one) => one.name === name);
  const firsts = (group: Group) =>
    spread(of(notes.turns, group).map(({ firstMs }) => firstMs));
  const statuses = Object.groupBy(notes.refusals, ({ status }) => `${status}`);
  const inSecond = (second: number) => ({ at }: { readonly at: number }) =>
    Math.floor(at) === second;
  return {
    conversations,
    seconds,
    idleMs,
    turns: notes.turns.length,
    tokensPerSecond: notes.turns.reduce((sum, turn) => sum + turn.tokens, 0) /
      seconds,
    refusals: Object.fromEntries(
      Object.entries(statuses).map((
        [status, some = []],
      ) => [status, some.length]),
    ),
    refusalMs: spread(notes.refusals.map(({ ms }) => ms)),
    healthMs: spread(await probes),
    errors: kinds(notes.errors),
    greedyMs: firsts(many),
    modestMs: firsts(few),
    modestTurns: of(notes.turns, few).length,
    modestRefusals: of(notes.refusals, few).length,
    series: Array.from({ length: Math.ceil(seconds) }, (_, second) => [
      second,
      notes.turns.filter(inSecond(second)).length,
      notes.refusals.filter(inSecond(second)).length,
    ]),
    recoveryMs,
  };
}

/** Lets groups talk for a time. */
async function timed(
  { url }: Target,
  { groups, seconds, maxTokens }: {
    readonly groups: readonly Group[];
    readonly seconds: number;
    readonly maxTokens: number;
  },
  progress: Progress,
): Promise<Notes> {
  const over = new AbortController();
  const from = performance.now();
  const passed = () => (performance.now() - from) / 1000;
  const timer = setTimeout(() => over.abort(), 1000 * seconds);
  let words = "";
  const clock = setInterval(() => progress(passed() / seconds, words), 250);
  try {
    return await gather({
      url,
      groups,
      maxTokens,
      patienceMs: PATIENCE,
      more: () => true,
      told({ turns, refusals }): void {
        words = `${turns.length} turns, ${refusals.length} refused`;
      },
    }, over.signal);
  } finally {
    clearTimeout(timer);
    clearInterval(clock);
  }
}

/** Milliseconds that `/healthz` takes, five times a second. */
async function probe({ url }: Target, signal: AbortSignal): Promise<number[]> {
  const times: number[] = [];
  while (!signal.aborted) {
    const from = performance.now();
    await (await fetch(`${url}/healthz`)).body?.cancel();
    times.push(performance.now() - from);
    await pause(200, signal);
  }
  return times;
}

/** Milliseconds to the first text of a turn. */
async function loneTurn({ url, group }: Target): Promise<number> {
  const { key } = group(1, 1);
  const from = performance.now();
  const request = {
    messages: [{ role: "user" as const, content: "Hello!" }],
    max_tokens: SHORT,
    temperature: 0,
  };
  for await (const _ of new Client({ url, key }).stream(request)) break;
  return performance.now() - from;
}

/** Milliseconds until a lone turn takes at most `enough` of them. */
async function recovery(target: Target, enough: number): Promise<number> {
  const from = performance.now();
  for (;;) {
    const before = performance.now() - from;
    const took = await loneTurn(target).catch(() => Infinity);
    if (took <= enough) return before;
    await pause(20);
  }
}

/** MiB of the server's process and heap, as it says itself. */
async function memoryOf(
  { url, group }: Target,
): Promise<{ resident: number; heap: number }> {
  const headers = { authorization: `Bearer ${group(0, 1).key}` };
  const text = await (await fetch(`${url}/metrics`, { headers })).text();
  const figure = (name: string) =>
    Number(new RegExp(`^gosling_${name} (\\d+)$`, "m").exec(text)?.[1]) /
    2 ** 20;
  return {
    resident: figure("resident_memory_bytes"),
    heap: figure("heap_bytes"),
  };
}

/** Each error once, with how often it came. */
function kinds(errors: readonly string[]): string[] {
  const groups = Object.groupBy(errors, (error) => error);
  return Object.entries(groups).map(([error, { length } = []]) =>
    `${length} × ${error}`
  );
}
