/**
 * The story the program is for, over real HTTP: somebody says a name, talks for a
 * hundred messages, and asks for it, while nothing but the token is carried.
 *
 * @module
 */

import { assertEquals, assertStringIncludes } from "@std/assert";
import { renderChat } from "../../src/chat/template/world_form.ts";
import { Conversation } from "../../src/client/conversation.ts";
import type { Engine } from "../../src/engine/engine.ts";
import type { Save } from "../../src/state/save.ts";
import { serve } from "./server.ts";
import { SMALL_TALK } from "./small_talk.ts";

const TOLD = "My name is Dave.";
const ASKED = "What is my name?";
const GREEDY = { temperature: 0, max_tokens: 64 } as const;

const MESSAGES = [
  TOLD,
  ...SMALL_TALK,
  ASKED,
  "Actually, my name is Bob.",
  ASKED,
];

Deno.test("a name is known after 100 messages, carried by the default token alone", async () => {
  await using server = await serve("--device", "wasm");
  const answers = await talk(new Conversation(server.client, GREEDY), MESSAGES);
  assertStringIncludes(answers.at(-3) ?? "", "Dave");
  assertStringIncludes(answers.at(-1) ?? "", "Bob");
});

/** Software adapters are slow: they hear a few pieces of small talk. */
const HEARD = {
  wasm: MESSAGES,
  webgpu: MESSAGES.filter((message, i) =>
    i % 20 === 10 || !SMALL_TALK.includes(message)
  ),
};

for (const device of ["wasm", "webgpu"] as const) {
  const { [device]: messages } = HEARD;
  Deno.test(`an exact token loses nothing in ${messages.length} messages and a restart, on ${device}`, async () => {
    const half = messages.length >> 1;
    const options = { ...GREEDY, state_codec: "exact" } as const;
    const answers: string[] = [];
    const alone: string[] = [];
    let save: string | undefined;
    {
      await using server = await serve("--device", device);
      const chat = new Conversation(server.client, options);
      // Side by side: lanes share steps and must not share anything else.
      const [straight, begun] = await Promise.all([
        uninterrupted(server.engine, messages),
        talk(chat, messages.slice(0, half)),
      ]);
      alone.push(...straight);
      answers.push(...begun);
      ({ save } = chat);
    }
    await using server = await serve("--device", device);
    const chat = new Conversation(server.client, options, save);
    answers.push(...await talk(chat, messages.slice(half)));
    assertEquals(answers, alone);
    assertStringIncludes(answers.at(-3) ?? "", "Dave");
    assertStringIncludes(answers.at(-1) ?? "", "Bob");
  });
}

async function talk(
  chat: Conversation,
  messages: readonly string[],
): Promise<string[]> {
  const answers = [];
  for (const message of messages) {
    answers.push((await Array.fromAsync(chat.say(message))).join(""));
  }
  return answers;
}

/** The same messages to the engine itself; no save is ever written down. */
async function uninterrupted(
  engine: Engine,
  messages: readonly string[],
): Promise<string[]> {
  let save: Save | undefined;
  const answers = [];
  for (const content of messages) {
    const turn = await answer(engine, content, save);
    save = turn.save;
    answers.push(turn.text);
  }
  return answers;
}

async function answer(
  engine: Engine,
  content: string,
  save: Save | undefined,
): Promise<{ text: string; save: Save }> {
  const { text: prompt } = renderChat(
    [{ role: "user", content }],
    { open: false, thinking: false },
    true,
  );
  let text = "";
  const events = engine.generate({
    prompt,
    ...(save !== undefined && { save }),
    maxTokens: GREEDY.max_tokens,
    sampling: {
      temperature: 0,
      topK: 0,
      topP: 1,
      minP: 0,
      presencePenalty: 0,
      frequencyPenalty: 0,
      penaltyDecay: 0.996,
      logitBias: new Map(),
    },
    stops: [{ text: "\n\n", kept: true }],
  }, new AbortController().signal);
  for await (const event of events) {
    if (event.type === "text") text += event.text;
    else return { text: text.trimStart(), save: event.save };
  }
  throw new Error("A turn had no end");
}
