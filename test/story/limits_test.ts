/**
 * Time limits and tenants, on the real program.
 *
 * @module
 */

import { assert, assertEquals } from "@std/assert";
import { Client } from "../../src/client/client.ts";
import { startServer } from "../support/server.ts";
import { until } from "../support/until.ts";

const FLAGS = ["--device", "wasm", "--threads", "1", "--lanes", "1"];

/** A text that does not end by itself. */
const LONG = { prompt: "User:", logit_bias: { "0": -100 }, seed: 1 };

Deno.test("a turn whose time is over can be gone on with, and loses no word", async () => {
  await using server = await startServer([...FLAGS, "--timeout", "1"]);
  const client = new Client({ url: server.url });
  const options = { state_codec: "exact" as const, seed: 1 };
  const first = await client.generate({
    ...LONG,
    ...options,
    max_tokens: 65_536,
  });
  assertEquals(first.finish_reason, "cancelled");
  const { completion_tokens: drawn } = first.usage;
  assert(drawn > 0 && drawn < 65_536);
  const { state = "" } = first;
  const rest = await client.generate({
    ...LONG,
    ...options,
    prompt: "",
    state,
    max_tokens: 40,
  });
  assertEquals(rest.finish_reason, "length");
  // The same words again, up to where the time was over at first.
  const text = first.text + rest.text;
  await using patient = await startServer(FLAGS);
  const whole = await new Client({ url: patient.url }).generate({
    ...LONG,
    ...options,
    max_tokens: drawn + 40,
  });
  assertEquals(whole.text, text);
});

Deno.test("a tenant that asks for much does not keep another one waiting", async () => {
  const keys = await Promise.all(["greedy", "modest"].map(keyOf));
  await using server = await startServer([
    ...FLAGS,
    "--api-keys",
    keys.join(","),
  ]);
  const clientOf = (key: string) =>
    new Client({ url: server.url, key, retries: 0 });
  const turn = { ...LONG, max_tokens: 300, state_codec: "none" as const };
  const ended: string[] = [];
  const greedy = clientOf("greedy");
  const leaving = new AbortController();
  const endless = { ...turn, max_tokens: 60_000 };
  const first = greedy.stream(endless, leaving.signal);
  // The lane is taken from its first word on, until its client leaves.
  const begun = await first.next();
  assert(!begun.done);
  const others = [1, 2, 3, 4].map((i) =>
    greedy.generate(turn).then(() => ended.push(`greedy ${i}`))
  );
  const queued = (count: number) =>
    until(
      "a queue",
      async () => (await waiting(server.url)).endsWith(` ${count}`),
    );
  await queued(4);
  const refused = await greedy.generate(turn).catch((error) => error.code);
  assertEquals(refused, "ERR_TOO_BUSY");
  const modest = clientOf("modest").generate({ ...turn, max_tokens: 1 })
    .then(() => ended.push("modest"));
  await queued(5);
  leaving.abort();
  await first.next().catch(() => {});
  await Promise.all([modest, ...others]);
  assert(ended.indexOf("modest") <= 2, ended.join());
});

/** A key and its own name, as the setting has it. */
async function keyOf(name: string): Promise<string> {
  const bytes = new TextEncoder().encode(name);
  const digest = await crypto.subtle.digest("SHA-256", bytes);
  return `${name}:${new Uint8Array(digest).toHex()}`;
}

/** The line of the metrics that counts who waits. */
async function waiting(url: string): Promise<string> {
  const answer = await fetch(`${url}/metrics`, {
    headers: { authorization: "Bearer modest" },
  });
  const [line] = /^gosling_queue_length.* \d+$/m.exec(await answer.text()) ??
    [];
  assert(line !== undefined);
  return line;
}
