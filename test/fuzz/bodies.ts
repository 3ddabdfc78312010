/**
 * Bodies of the size that is allowed and of every odd make, each asked for in the
 * midst of others: none may hold the loop, and none may be answered with 500.
 *
 * @module
 */

import { assert, assertEquals } from "@std/assert";
import fc from "fast-check";
import { askAmid, MOST_HELD, slowness } from "./amid.ts";
import type { FuzzOptions } from "./barrage.ts";
import { tinyServer } from "./tiny_server.ts";

const PATHS = [
  "/v1/detokenize",
  "/v1/tokenize",
  "/v1/generate",
  "/v1/completions",
  "/v1/chat/completions",
  "/v1/responses",
  "/v1/messages",
  "/v1/state/branch",
  "/v1/state/score",
  "/v1/state/mix",
  "/v1/state/diff",
  "/v1/state/teach",
  "/v1/state/merge",
  "/v1/messages/count_tokens",
  "/api/chat",
  "/api/generate",
  "/api/v1/generate",
  "/api/extra/abort",
  "/completion",
  "/tokenize",
  "/detokenize",
  "/slots/0?action=save",
];

const NAMES = [
  "tokens",
  "prompt",
  "messages",
  "input",
  "texts",
  "states",
  "branches",
  "logit_bias",
  "tools",
  "stop",
  "include",
  "grammar",
  "metadata",
  "chat_template_kwargs",
  "statements",
  "examples",
  "facts",
  "context",
  "genkey",
  "content",
];

const ITEMS = [
  "-1",
  "0.5",
  "null",
  '""',
  "[]",
  "{}",
  '{"role":"user"}',
  '{"role":"x","content":[{"type":"text"}]}',
  '{"type":"function","function":{}}',
  '{"state":"a.b.c"}',
  '{"type":"mcp_call"}',
];

const body = fc.record({
  path: fc.constantFrom(...PATHS),
  names: fc.uniqueArray(fc.constantFrom(...NAMES), {
    minLength: 1,
    maxLength: 2,
  }),
  item: fc.constantFrom(...ITEMS),
  count: fc.integer({ min: 0, max: 18 }).map((power) => 2 ** power - 1),
  table: fc.boolean(),
});

/**
 * Sends such bodies.
 *
 * @returns The most milliseconds of work in one piece, and answers by status.
 * @throws {Error} If one held the loop, or was answered with 500.
 */
export async function fuzzBodies(
  { seed, count, progress }: FuzzOptions,
): Promise<{ held: number; statuses: ReadonlyMap<number, number> }> {
  await using server = await tinyServer();
  const most = 2 * MOST_HELD * slowness();
  const statuses = new Map<number, number>();
  let held = 0, done = 0;
  for (const made of fc.sample(body, { seed, numRuns: count })) {
    const { path, names, item, table } = made;
    const many = table
      ? `{${
        Array.from({ length: made.count }, (_, i) => `"k${i}":${item}`).join()
      }}`
      : `[${Array(made.count).fill(item).join()}]`;
    const text = `{"max_tokens":0,${
      names.map((name) => `"${name}":${many}`).join()
    }}`;
    const bytes = new TextEncoder().encode(text);
    let found = await askAmid(server, path, bytes);
    // What the compiler and the collector do is counted too, but not twice.
    if (found.held >= most) found = await askAmid(server, path, bytes);
    const shown = JSON.stringify(made);
    assert(found.status < 500, `${found.status}: ${shown}`);
    assert(found.held < most, `held for ${found.held} ms: ${shown}`);
    held = Math.max(held, found.held);
    statuses.set(found.status, (statuses.get(found.status) ?? 0) + 1);
    progress?.(++done);
  }
  assertEquals(server.reported, []);
  return { held, statuses };
}
