/**
 * No request holds up the others: `/healthz` is asked in the midst of each of the
 * worst that there are, and less than 100 ms of work may pass between two answers.
 *
 * @module
 */

import { assert, assertEquals } from "@std/assert";
import { askAmid, MOST_HELD, slowness } from "../fuzz/amid.ts";
import { tinyServer } from "../fuzz/tiny_server.ts";

const M = 2 ** 20;

/** A list of one thing as JSON. */
const many = (count: number, item: string) =>
  `[${Array(count).fill(item).join()}]`;

/** An object of `count` members as JSON. */
const members = (count: number, member: (i: number) => string) =>
  `{${Array.from({ length: count }, (_, i) => member(i)).join()}}`;

const bias = members(65_000, (i) => `"${i % 7}${i}":1`);
const said = '{"role":"user","content":"a"}';
const parts = `{"role":"user","content":[{"type":"text","text":"a"}]}`;

const long = `"${"a".repeat(120_000)}"`;
const fact = '{"question":"a","answer":"b"}';

const WORST: readonly [path: string, body: string, status: number][] = [
  ["/v1/detokenize", `{"tokens":${many(M, "-1")}}`, 413],
  ["/v1/detokenize", `{"tokens":${many(260_000, "-1")}}`, 422],
  ["/v1/detokenize", `{"tokens":${many(260_000, "65")}}`, 200],
  ["/v1/detokenize", `{"tokens":${many(2 * M, "[]")}}`, 413],
  ["/v1/detokenize", `{"tokens":${"[".repeat(4 * M)}`, 413],
  ["/v1/tokenize", `{"text":"${"a".repeat(M)}"}`, 200],
  ["/v1/tokenize", `{"text":"${"界".repeat(M)}"}`, 200],
  ["/v1/tokenize", `{"text":"${String.raw`\n`.repeat(M)}"}`, 200],
  ["/v1/completions", `{"prompt":${many(260_000, "-1")}}`, 400],
  ["/v1/completions", `{"prompt":[${many(260_000, "-1")}],"odd":1}`, 400],
  ["/v1/generate", `{"prompt":"","logit_bias":${bias}}`, 422],
  [
    "/v1/generate",
    `{"prompt":"","logit_bias":${members(65_000, (i) => `"x${i}":1`)}}`,
    422,
  ],
  ["/v1/generate", members(65_000, (i) => `"x${i}":1`), 422],
  ["/v1/generate", `{"messages":${many(10_000, "{}")}}`, 422],
  [
    "/v1/generate",
    `{"messages":${many(10_000, said)},"max_tokens":0,"stream":1}`,
    422,
  ],
  ["/v1/generate", `{"branches":${many(30_000, "{}")}}`, 422],
  ["/v1/state/score", `{"texts":${many(260_000, "0")}}`, 422],
  ["/v1/state/branch", `{"branches":${many(32, "{}")}}`, 422],
  ["/v1/state/mix", `{"states":${many(30_000, "{}")}}`, 422],
  ["/v1/state/convert", `{"from":"x","data":"${"A".repeat(M)}"}`, 422],
  ["/v1/chat/completions", `{"messages":${many(10_000, "{}")}}`, 400],
  ["/v1/chat/completions", `{"messages":${many(10_000, parts)},"n":0}`, 400],
  [
    "/v1/chat/completions",
    `{"messages":${many(10_000, '{"role":"user","x":1}')},"n":0}`,
    400,
  ],
  [
    "/v1/chat/completions",
    `{"messages":[{"role":"user","content":${many(1024, "{}")}}]}`,
    400,
  ],
  [
    "/v1/chat/completions",
    `{"messages":[${said}],"tools":${many(128, '{"type":"function"}')}}`,
    400,
  ],
  ["/v1/responses", `{"input":${many(10_000, '{"type":"mcp_call"}')}}`, 400],
  ["/v1/responses", `{"input":${many(10_000, '{"role":"x"}')}}`, 400],
  ["/v1/responses", `{"input":"a","include":${many(260_000, "0")}}`, 400],
  ["/v1/messages", `{"max_tokens":1,"messages":${many(10_000, "{}")}}`, 400],
  [
    "/v1/messages",
    `{"max_tokens":0,"messages":${many(10_000, parts)},"stream":1}`,
    400,
  ],
  [
    "/v1/messages/count_tokens",
    `{"messages":[{"role":"user","content":"${"a".repeat(M)}"}]}`,
    200,
  ],
  ["/api/chat", `{"messages":${many(10_000, "{}")}}`, 400],
  ["/api/generate", `{"prompt":"a","context":${many(260_000, "1")}}`, 400],
  ["/tokenize", `{"content":"${"a".repeat(M)}"}`, 200],
  ["/completion", `{"prompt":${many(260_000, "-1")}}`, 400],
  ["/api/extra/tokencount", `{"prompt":"${"a".repeat(M)}"}`, 200],
  [
    "/tokenize",
    `{"content":"${
      "a".repeat(M)
    }","with_pieces":true,"return_token_strs":true}`,
    200,
  ],
  ["/api/extra/abort", "[".repeat(4 * M), 413],
  [
    "/completion",
    `{"n_predict":0,"logit_bias":${many(1024, `["${"é1".repeat(100)}",1]`)}}`,
    200,
  ],
  // What edits would take is counted before they begin, however often they read it.
  [
    "/v1/state/teach",
    `{"statements":${many(32, long)},"facts":[${fact}],"candidates":16}`,
    422,
  ],
  [
    "/v1/state/teach",
    `{"examples":${many(16, `{"user":${long},"assistant":${long}}`)}}`,
    422,
  ],
  [
    "/v1/generate",
    `{"messages":${
      many(10_000, `{"role":"user","content":"${"a".repeat(350)}"}`)
    },"transcript":true}`,
    422,
  ],
];

Deno.test("no request of a permitted size holds the loop", async () => {
  await using server = await tinyServer();
  const most = MOST_HELD * slowness();
  const encoder = new TextEncoder();
  for (const [path, text, status] of WORST) {
    const body = encoder.encode(text);
    const shown = `${path} ${text.slice(0, 60)}`;
    let least = Infinity;
    // The first is not compiled yet.
    for (let i = 0; i < 2; i++) {
      const { held, status: found } = await askAmid(server, path, body);
      assertEquals(found, status, shown);
      least = Math.min(least, held);
      if (least < MOST_HELD) break;
    }
    assert(
      least < most,
      `${shown}: ${least.toFixed()} ms of work in one piece`,
    );
  }
  assertEquals(server.reported, []);
});
