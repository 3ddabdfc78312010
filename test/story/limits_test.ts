/**
 * Time limits and tenants, on the real program.
 *
 * @module
 */

import { assert, assertEquals } from "@std/assert";
import { Client, type GenerationEvent } from "../../src/client/client.ts";
import { startServer } from "../support/server.ts";

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
  const turn = { ...LONG, max_tokens: 600, state_codec: "none" as const };
  const ended: string[] = [];
  const greedy = clientOf("greedy");
  const first = greedy.stream(turn);
  // The lane is taken from its first word on.
  const begun = await first.next();
  assert(!begun.done);
  const running = drain(first).then(() => ended.push("greedy 0"));
  const others = [1, 2, 3, 4].map((i) =>
    greedy.generate(turn).then(() => ended.push(`greedy ${i}`))
  );
  while (!(await waiting(server.url)).endsWith(" 4")) await pause(1);
  const refused = await greedy.generate(turn).catch((error) => error.code);
  assertEquals(refused, "ERR_TOO_BUSY");
  await clientOf("modest").generate({ ...turn, max_tokens: 1 });
  ended.push("modest");
  await Promise.all([running, ...others]);
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

async function drain(
  events: AsyncIterable<GenerationEvent>,
): Promise<void> {
  for await (const _ of events);
}

function pause(milliseconds: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, milliseconds));
}
