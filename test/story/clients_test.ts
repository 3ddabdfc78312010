/**
 * Clients of other people, and the tools for states, against the real model.
 *
 * @module
 */

import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import OpenAI from "openai";
import { serve, type StoryServer } from "./server.ts";

const GREEDY = { model: "gosling", temperature: 0 } as const;

function said(content: string) {
  return [{ role: "user" as const, content }];
}

async function post(server: StoryServer, path: string, body: unknown) {
  const response = await fetch(`${server.url}${path}`, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify(body),
  });
  const answer = await response.json();
  assertEquals([path, response.status, answer.detail], [path, 200, undefined]);
  return answer;
}

Deno.test("OpenAI's client carries the state through chat completions", async () => {
  await using server = await serve("--device", "wasm");
  const openai = new OpenAI({ baseURL: `${server.url}/v1`, apiKey: "unused" });
  const told = await openai.chat.completions.create({
    ...GREEDY,
    messages: said("My name is Dave."),
  });
  const { state } = told as { state?: string };
  const question = {
    ...GREEDY,
    messages: said("What is my name?"),
    state,
    logprobs: true,
    stream: true as const,
  };
  let text = "";
  const tokens = [];
  for await (
    const { choices: [choice] } of await openai.chat.completions.create(
      question,
    )
  ) {
    text += choice?.delta.content ?? "";
    tokens.push(...choice?.logprobs?.content ?? []);
  }
  assertStringIncludes(text, "Dave");
  assertEquals(tokens.map(({ token }) => token).join("").trimStart(), text);
  assert(tokens.every(({ logprob }) => logprob <= 0));
});

Deno.test("OpenAI's client carries the state through responses, by id and by item", async () => {
  await using server = await serve("--device", "wasm");
  const openai = new OpenAI({ baseURL: `${server.url}/v1`, apiKey: "unused" });
  const input = "What is my name?";
  const told = await openai.responses.create({
    ...GREEDY,
    input: "My name is Dave.",
  });
  const byId = await openai.responses.create({
    ...GREEDY,
    input,
    previous_response_id: told.id,
  });
  assertStringIncludes(byId.output_text, "Dave");
  const streamed = openai.responses.stream({
    ...GREEDY,
    input: "My name is Dave.",
  });
  const { output } = await streamed.finalResponse();
  const items = output as Extract<
    Parameters<typeof openai.responses.create>[0]["input"],
    unknown[]
  >;
  const byItem = await openai.responses.create({
    ...GREEDY,
    input: [...items, { role: "user", content: input }],
  });
  assertEquals(byItem.output_text, byId.output_text);
});

Deno.test("branches are what separate calls are", async () => {
  await using server = await serve("--device", "wasm");
  const exact = { state_codec: "exact", temperature: 1, max_tokens: 24 };
  const { state } = await post(server, "/v1/generate", {
    messages: said("My name is Dave."),
    state_codec: "exact",
    temperature: 0,
  });
  const branches = [1, 2, 3, 4, 5].map((seed) => ({
    messages: said("Tell me something."),
    seed,
    ...exact,
  }));
  const together = await post(server, "/v1/state/branch", { state, branches });
  for (const [i, branch] of branches.entries()) {
    const alone = await post(server, "/v1/generate", { ...branch, state });
    const { text, state: left } = together.branches[i];
    assertEquals(text, alone.text);
    const { equal, same_text } = await post(server, "/v1/state/diff", {
      a: left,
      b: alone.state,
    });
    assertEquals([equal, same_text], [true, true]);
  }
});

Deno.test("score knows the answer that the state remembers", async () => {
  await using server = await serve("--device", "wasm");
  const { state } = await post(server, "/v1/generate", {
    messages: said("My name is Dave."),
    temperature: 0,
  });
  const names = ["Anna", "Bob", "Dave", "Frank"];
  const { best, scores } = await post(server, "/v1/state/score", {
    state,
    messages: said("What is my name?"),
    texts: names.map((name) => ` Your name is ${name}.`),
  });
  assertEquals(names[best], "Dave");
  assert(scores[best].share > 0.9);
});

Deno.test("rebase builds the state that reading the text left", async () => {
  await using server = await serve("--device", "wasm");
  const prompt = "User: My name is Dave.\n\nAssistant: Hello!\n\n";
  const read = await post(server, "/v1/generate", {
    prompt,
    max_tokens: 0,
    state_codec: "exact",
  });
  const anew = await post(server, "/v1/state/rebase", {
    prompt,
    state: read.state,
    state_codec: "exact",
  });
  assert(anew.same_text);
  const { equal } = await post(server, "/v1/state/diff", {
    a: read.state,
    b: anew.state,
  });
  assert(equal);
});
