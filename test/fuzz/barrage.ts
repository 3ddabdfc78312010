/**
 * A barrage of requests, each answered in time and judged, with a canary among
 * them: a turn whose answer may never change.
 *
 * @module
 */

import { assert, assertEquals } from "@std/assert";
import fc from "fast-check";
import { STATE_LAYOUTS } from "../../src/state/foreign/convert_state.ts";
import { judge } from "./judge.ts";
import { requestOf, type Shot, shots } from "./requests.ts";
import { MODEL, type TinyServer } from "./tiny_server.ts";

/** How long to go on. */
export interface FuzzOptions {
  /** The same seed is the same cases. */
  readonly seed: number;
  /** Cases. */
  readonly count: number;
  /** Told now and then how many are done. */
  readonly progress?: (done: number) => void;
}

/** What came of it. */
export interface BarrageResult {
  readonly requests: number;
  /** How many were answered with each status. */
  readonly statuses: ReadonlyMap<number, number>;
  /** The same by code, for problems, or by media type. */
  readonly codes: ReadonlyMap<string, number>;
  /** Milliseconds that the slowest answer took. */
  readonly slowest: number;
}

/** Requests at once, and between two looks at the canary. */
const AT_ONCE = 8, VOLLEY = 200;

/** Milliseconds after which a client gives up, and until it must be answered. */
const PATIENCE = 1000, LIMIT = 60_000;

/**
 * Fires `count` requests at every route.
 *
 * @throws {Error} With the request that was answered as none may be.
 */
export async function barrage(
  server: TinyServer,
  { seed, count, progress }: FuzzOptions,
): Promise<BarrageResult> {
  const api = await (await server.fetch(
    new Request("http://tiny/openapi.json"),
  )).json();
  const states = await stateTokens(server);
  const files = await foreignFiles(server, states[0]);
  const arbitrary = shots(api, { model: MODEL, states, files });
  const canary = await sing(server);
  const statuses = new Map<number, number>();
  const codes = new Map<string, number>();
  let slowest = 0, requests = 0;
  const fire = async (shot: Shot) => {
    const from = performance.now();
    const { status, code } = await shoot(server, shot);
    slowest = Math.max(slowest, performance.now() - from);
    statuses.set(status, (statuses.get(status) ?? 0) + 1);
    codes.set(code, (codes.get(code) ?? 0) + 1);
    requests++;
  };
  for (let volley = 0; requests < count; volley++) {
    const numRuns = Math.min(VOLLEY, count - requests);
    const queue = fc.sample(arbitrary, { numRuns, seed: seed + volley });
    await Promise.all(Array.from({ length: AT_ONCE }, async () => {
      for (let shot; (shot = queue.pop()) !== undefined;) await fire(shot);
    }));
    assertEquals(await sing(server), canary, "the canary sings another song");
    assertEquals(Object.keys(Object.prototype), []);
    assert(!("polluted" in {}), "a prototype was changed");
    progress?.(requests);
  }
  assertEquals(server.reported, []);
  assertEquals(server.engine.load, { busy: 0, waiting: 0 });
  return { requests, statuses, codes, slowest };
}

async function shoot(
  server: TinyServer,
  shot: Shot,
): Promise<{ status: number; code: string }> {
  const late = Promise.withResolvers<never>();
  const timer = setTimeout(
    () => late.reject(new Error(`no answer in ${LIMIT} ms`)),
    LIMIT,
  );
  const client = new AbortController();
  const patience = setTimeout(() => client.abort(), PATIENCE);
  try {
    const request = requestOf(shot, client.signal);
    const answer = server.fetch(request).then((response) =>
      judge(shot.path, response)
    );
    return await Promise.race([answer, late.promise]);
  } catch (cause) {
    if (client.signal.aborted && isAbort(cause)) {
      return { status: 499, code: "client gone" };
    }
    const found = server.reported.map((error) => Deno.inspect(error));
    throw new Error(
      `${cause instanceof Error ? cause.message : cause}\n` +
        `${Deno.inspect(shot, { strAbbreviateSize: 2000 })}\n${found}`,
      { cause },
    );
  } finally {
    clearTimeout(timer);
    clearTimeout(patience);
  }
}

/**
 * Whether an error only says that the client has gone: in one process, the body of
 * an answer that was left ends where it was, and is half a JSON.
 */
function isAbort(error: unknown): boolean {
  return error instanceof SyntaxError ||
    error instanceof DOMException && error.name === "AbortError";
}

/** The same turn each time. */
async function sing({ post }: TinyServer): Promise<string> {
  const response = await post("/v1/generate", {
    prompt: "Tweet",
    seed: 7,
    max_tokens: 12,
    state_codec: "none",
  });
  const { text } = await response.json();
  assertEquals(response.status, 200);
  return text;
}

/** States to go on from: sealed, portable, cut, and foreign ones. */
async function stateTokens(server: TinyServer): Promise<string[]> {
  const tokens: string[] = [];
  for (const state_profile of ["sealed", "portable"]) {
    const response = await server.post("/v1/generate", {
      prompt: "Hello",
      max_tokens: 2,
      state_codec: "int4",
      state_profile,
    });
    const { state } = await response.json();
    const forged = state.slice(0, -9) + "AAAAAAAAA";
    tokens.push(state, state, state, state.slice(0, -9), forged);
  }
  return tokens;
}

/** The first of them as the files of other engines. */
async function foreignFiles(
  server: TinyServer,
  state: string,
): Promise<Uint8Array<ArrayBuffer>[]> {
  return await Promise.all(STATE_LAYOUTS.map(async (to) => {
    const response = await server.post("/v1/state/convert", { to, state });
    return Uint8Array.fromBase64((await response.json()).data);
  }));
}
