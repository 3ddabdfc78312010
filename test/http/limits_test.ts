/**
 * What callers may take: requests and tokens a minute, time, and their part of the
 * queue.
 *
 * @module
 */

import { assert, assertEquals, assertMatch, assertRejects } from "@std/assert";
import { type LaneLease, LanePool } from "../../src/engine/queue/lane_pool.ts";
import type { ApiKey } from "../../src/http/access/bearer_keys.ts";
import { eventsOf, harness } from "./client.ts";
import { fakeEngine } from "./fake_engine.ts";
import {
  type Caller,
  RequestTurns,
} from "../../src/http/turns/request_turns.ts";
import { RequestRecord } from "../../src/observe/request_record.ts";
import type { Engine } from "../../src/engine/engine.ts";
import { GREEDY } from "../../src/text/sampling_options.ts";

const HI = { prompt: "Hi", max_tokens: 8 };

function bearer(key: string): RequestInit {
  return { headers: { authorization: `Bearer ${key}` } };
}

async function keyOf(name: string, key: string): Promise<ApiKey> {
  const bytes = new TextEncoder().encode(key);
  const digest = await crypto.subtle.digest("SHA-256", bytes);
  return { name, digest: new Uint8Array(digest).toHex() };
}

Deno.test("limitCaller() says what is left, then refuses with the time to wait", async () => {
  const { post } = harness({ limits: { rate: { requests: 2, tokens: 1000 } } });
  const first = await post("/v1/generate", HI);
  assertEquals(
    first.headers.get("ratelimit-policy"),
    '"requests";q=2;w=60, "tokens";q=1000;w=60',
  );
  assertMatch(
    first.headers.get("ratelimit") ?? "",
    /^"requests";r=1;t=30, "tokens";r=1000;t=0$/,
  );
  assertEquals((await post("/v1/generate", HI)).status, 200);
  const refused = await post("/v1/generate", HI);
  assertEquals(refused.status, 429);
  assertEquals(refused.headers.get("retry-after"), "30");
  assertEquals(
    refused.headers.get("content-type"),
    "application/problem+json",
  );
  const { code, detail } = await refused.json();
  assertEquals(code, "ERR_RATE_LIMITED");
  assertMatch(
    detail,
    /the limit of 2 requests a minute is reached; try again in 30 s/,
  );
});

Deno.test("limitCaller() charges the tokens read and written", async () => {
  const { post } = harness({ limits: { rate: { tokens: 5 } } });
  const first = await post("/v1/generate", HI);
  const { usage } = await first.json();
  assert(usage.prompt_tokens + usage.completion_tokens > 5);
  const refused = await post("/v1/chat/completions", {
    model: "fake",
    messages: [{ role: "user", content: "Hi" }],
  });
  assertEquals(refused.status, 429);
  const { error } = await refused.json();
  assertEquals(error.code, "rate_limit_exceeded");
  assert(Number(refused.headers.get("retry-after")) > 60);
});

for (
  const [path, body, charged] of [
    ["/v1/tokenize", { text: "a".repeat(2 ** 20) }, 16],
    ["/v1/tokenize", { text: "" }, 1],
    ["/v1/detokenize", { tokens: Array(2 ** 17 + 1).fill(65) }, 3],
    // A state that cannot be opened has been looked at.
    ["/v1/state/inspect", { state: "eyJ" }, 1],
  ] as const
) {
  Deno.test(`${path} charges its work: ${charged}`, async () => {
    const { post } = harness({ limits: { rate: { tokens: 1 } } });
    await (await post(path, body)).body?.cancel();
    // Nothing is left until what was taken is repaid, at one a minute.
    const next = await post("/v1/tokenize", { text: "" });
    assertEquals(next.status, 429);
    const [, seconds] = /t=(\d+)/.exec(next.headers.get("ratelimit") ?? "") ??
      [];
    assertEquals(Math.ceil(Number(seconds) / 60), charged);
  });
}

Deno.test("limitCaller() keeps one account for each tenant, at its key's rate", async () => {
  const keys = [
    { ...await keyOf("slow", "s"), rate: { requests: 1 } },
    await keyOf("usual", "u"),
  ];
  const { post } = harness({ keys, limits: { rate: { requests: 2 } } });
  const ask = async (key: string) =>
    (await post("/v1/generate", HI, bearer(key))).status;
  assertEquals([await ask("s"), await ask("s")], [200, 429]);
  assertEquals([await ask("u"), await ask("u"), await ask("u")], [
    200,
    200,
    429,
  ]);
});

Deno.test("limitCaller() bounds nothing unless told to", async () => {
  const { post } = harness();
  const answer = await post("/v1/generate", HI);
  assertEquals(answer.headers.get("ratelimit"), null);
});

/** The turns of a request nobody looks at. */
function turnsOf(
  engine: Engine,
  caller: Partial<Caller>,
): RequestTurns {
  const record = new RequestRecord({ id: "", method: "POST" }, () => {});
  return new RequestTurns({ engine }, {
    tenant: "",
    spend: () => {},
    ...caller,
  }, record);
}

const ASK = {
  save: undefined,
  input: { prompt: "12" },
  maxTokens: 9,
  sampling: GREEDY,
  seed: undefined,
  stops: [],
};

Deno.test("RequestTurns charge whoever leaves early for what was written", async () => {
  let spent = 0;
  const engine = fakeEngine({ reply: () => "abcdef" });
  const turns = turnsOf(engine, {
    tenant: "me",
    spend: (tokens) => spent += tokens,
  });
  await turns.take(
    ASK,
    never(),
    (event) => Promise.resolve(event.type === "done" || event.text !== "c"),
  );
  assertEquals(spent, 2 + 3);
  assertEquals(engine.turns[0].tenant, "me");
});

Deno.test("A turn whose time is over ends with its save", async () => {
  const { post, vault } = harness({
    tokenMs: 50,
    reply: () => "a".repeat(1000),
    limits: { timeout: 0.2 },
  });
  const request = { prompt: "Hi", max_tokens: 1000 };
  const whole = await (await post("/v1/generate", request)).json();
  assertEquals(whole.finish_reason, "cancelled");
  assert(whole.text.length > 0 && whole.text.length < 10, whole.text);
  assertEquals((await vault.open(whole.state)).position, 2 + whole.text.length);
  const streamed = await post("/v1/generate", { ...request, stream: true });
  const events = eventsOf(await streamed.text()) as Record<string, unknown>[];
  const { type, finish_reason, state } = events.at(-1) ?? {};
  assertEquals([type, finish_reason], ["done", "cancelled"]);
  assertEquals(typeof state, "string");
  const chat = await post("/v1/chat/completions", {
    model: "fake",
    messages: [{ role: "user", content: "Hi" }],
  });
  assertEquals((await chat.json()).choices[0].finish_reason, "length");
});

Deno.test("RequestTurns say so where the time was over before a save could hold the rest", async () => {
  const slow = fakeEngine();
  const turns = turnsOf({
    ...slow,
    async *generate(turn, signal) {
      await new Promise((resolve) => signal.addEventListener("abort", resolve));
      for await (const event of slow.generate(turn, signal)) {
        if (event.type !== "done") continue;
        const unread = Array.from({ length: 5000 }, () => 1);
        yield { ...event, save: { ...event.save, unread } };
      }
    },
    score: (_, signal) =>
      new Promise((_, reject) =>
        signal.addEventListener("abort", () => reject(signal.reason))
      ),
  }, { timeout: 0.01 });
  const expected = {
    name: "TimeLimitError",
    code: "ERR_TIME_LIMIT",
    message: "Cannot finish within 0.01 s: 5000 tokens of the prompt are " +
      "unread; send it in several turns",
  };
  const hear = () => Promise.resolve(true);
  await assertRejects(() => turns.take(ASK, never(), hear), expected);
  await assertRejects(() => turns.score({ texts: ["a"] }, never()), {
    code: "ERR_TIME_LIMIT",
  });
});

Deno.test("Lanes keep a part of the queue for every other tenant", async () => {
  const lanes = new LanePool({ maxTurns: 1, maxWaiting: 4 });
  lanes.open(1);
  const signal = never();
  const served: string[] = [];
  const leases: (LaneLease | undefined)[] = [];
  const lend = async (tenant: string) => {
    const lease = await lanes.lease(signal, { tenant });
    served.push(tenant);
    leases.push(lease);
  };
  const turns = [lend("a"), lend("a"), lend("a")];
  assertEquals(await codeOf(lend("a")), "ERR_TOO_BUSY");
  turns.push(lend("b"), lend("b"));
  assertEquals(lanes.waiting, 4);
  assertEquals(await codeOf(lend("c")), "ERR_TOO_BUSY");
  for (let i = 0; i < 5; i++) {
    while (leases[i] === undefined) await Promise.resolve();
    leases[i]?.release();
  }
  await Promise.all(turns);
  assertEquals(served, ["a", "a", "b", "a", "b"]);
});

Deno.test("Lanes bound one tenant as they are told, and nobody who has no name", async () => {
  const lanes = new LanePool({
    maxTurns: 1,
    maxWaiting: 4,
    maxWaitingPerTenant: 3,
  });
  lanes.open(1);
  const stop = new AbortController();
  const lend = (tenant: string) => lanes.lease(stop.signal, { tenant });
  const turns = [0, 1, 2, 3].map(() => lend("a"));
  assertEquals(await codeOf(lend("a")), "ERR_TOO_BUSY");
  assertEquals(lanes.waiting, 3);
  stop.abort();
  await Promise.all(turns);
  const free = new LanePool({ maxTurns: 1, maxWaiting: 4 });
  const other = new AbortController();
  const more = [0, 1, 2, 3].map(() => free.lease(other.signal, { tenant: "" }));
  assertEquals(free.waiting, 4);
  other.abort();
  await Promise.all(more);
});

Deno.test("createApp() lets only the pages of its origins read answers", async () => {
  const asked = async (
    origins: readonly string[] | undefined,
    from: string,
  ) => {
    const { get } = harness(origins ? { limits: { origins } } : {});
    const answer = await get("/healthz", { headers: { origin: from } });
    await answer.body?.cancel();
    return answer.headers.get("access-control-allow-origin");
  };
  const ours = ["https://a.example", "https://b.example"];
  assertEquals(await asked(undefined, "https://z.example"), "*");
  assertEquals(await asked(["*"], "https://z.example"), "*");
  assertEquals(await asked(ours, "https://b.example"), "https://b.example");
  assertEquals(await asked(ours, "https://z.example"), null);
  assertEquals(await asked([], "https://a.example"), null);
});

function never(): AbortSignal {
  return new AbortController().signal;
}

async function codeOf(work: Promise<unknown>): Promise<unknown> {
  try {
    await work;
    return undefined;
  } catch (error) {
    return (error as { code?: unknown }).code;
  }
}
