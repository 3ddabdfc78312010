/**
 * Edits of the embedded model's memory, in both directions: those that it can be
 * taught, and those that it cannot, which the report has to admit.
 *
 * @module
 */

import { assert, assertEquals, assertMatch } from "@std/assert";
import { headDigest } from "../../src/chat/conversation_head.ts";
import { Editor } from "../../src/chat/edit/state_editor.ts";
import { forget } from "../../src/chat/edit/forget_facts.ts";
import { merge } from "../../src/chat/edit/merge_states.ts";
import { schedules, teach } from "../../src/chat/edit/teach_facts.ts";
import { takeTurn } from "../../src/chat/chat_turn.ts";
import { readConfig } from "../../src/config/read_config.ts";
import { compose } from "../../src/serve/compose_services.ts";
import type { Save } from "../../src/state/save.ts";
import { GREEDY } from "../../src/text/sampling_options.ts";

const NAME = { question: "What is my name?", answer: "Your name is Dave." };
const CITY = { question: "Where do I live?", answer: "You live in Leeds." };
const AGE = { question: "How old am I?", answer: "You are 42 years old." };
const FOOD = {
  question: "What is my favourite food?",
  answer: "Your favourite food is pizza.",
};

const PLAIN = { examples: [], heldOut: [], keep: [], candidates: 3 };

Deno.test("the embedded model is taught, forgets and merges, and a report says where it does not", async () => {
  const config = readConfig(
    { device: "wasm", threads: "1", lanes: "2" },
    () => undefined,
  );
  const { services, dispose } = await compose(config, () => {});
  const { signal } = new AbortController();
  const ask = { sampling: GREEDY, seed: undefined, stops: [], maxTokens: 0 };
  const editor = new Editor({
    speaker: services,
    signal,
    turns: {
      async take(ask, signal, hear): Promise<void> {
        for await (const event of takeTurn(services, ask, signal)) {
          await hear(event);
        }
      },
      score: (query, signal) => services.engine.score(query, signal),
      async read(save, input, signal): Promise<Save> {
        const turn = takeTurn(services, { ...ask, save, input }, signal);
        for await (const event of turn) {
          if (event.type === "done") return event.save;
        }
        throw new Error("A turn had no end");
      },
    },
  });

  const told = await teach(editor, {
    ...PLAIN,
    save: undefined,
    statements: ["My name is Dave.", "I live in Leeds."],
    facts: [NAME, CITY],
  });
  assertEquals([told.achieved, told.summary], [true, "Learned 2 of 2"]);
  for (const { before, after, says, answer } of told.facts) {
    assert(before < -8 && after > -1, `${answer}: ${before} to ${after}`);
    assertEquals(says, answer);
  }
  const { heldOut } = told;
  assert(heldOut && heldOut.taught > heldOut.blank + 1);
  assertEquals(told.method, "read once, in order");

  const vain = await teach(editor, {
    ...PLAIN,
    save: told.save,
    statements: ["The capital of Ruritania is Strelsau."],
    facts: [{
      question: "What is the capital of Ruritania?",
      answer: "Strelsau",
    }],
    keep: [NAME],
  });
  assertEquals(vain.achieved, false);
  assertMatch(vain.summary, /earned/);
  assertEquals(vain.kept.map(({ achieved }) => achieved), [true]);
  assert((vain.facts[0]?.after ?? 0) < -8);

  const gone = await forget(editor, {
    save: told.save,
    facts: [NAME],
    keep: [CITY],
    statements: [],
    candidates: 2,
  });
  assertEquals(
    [gone.achieved, gone.summary],
    [true, "Forgot 1 of 1; kept 1 of 1 that were to stay"],
  );
  assertMatch(gone.facts[0]?.says ?? "", /not told me/);
  assert((gone.facts[0]?.after ?? 0) < -5);

  // Asked for in the question's words, for the answer would be learned again.
  const left = await forget(editor, {
    save: told.save,
    facts: [CITY],
    keep: [NAME],
    statements: [],
    candidates: 1,
  });
  assertEquals([left.method, left.kept[0]?.achieved], ["said", true]);
  assertMatch(left.facts[0]?.says ?? "", /not told me/);

  const { save: aged } = await teach(editor, {
    ...PLAIN,
    save: told.save,
    statements: ["I am 42 years old."],
    facts: [AGE],
  });
  const stays = await forget(editor, {
    save: aged,
    facts: [AGE],
    keep: [CITY],
    // No words that the model takes for a wish to forget.
    statements: ["Forget it."],
    candidates: 1,
  });
  assertEquals([stays.achieved, stays.facts[0]?.says], [false, AGE.answer]);
  assertMatch(stays.summary, /^Not forgotten: this model still knows 1 of 1/);

  const none = await forget(editor, {
    save: told.save,
    facts: [AGE],
    keep: [],
    statements: [],
    candidates: 3,
  });
  assertEquals(
    [none.achieved, none.method, none.save],
    [true, "nothing", told.save],
  );
  assertMatch(none.summary, /^Not known before/);

  const anew = await forget(editor, {
    save: aged,
    told: [{
      messages: [
        ...[NAME, CITY, AGE].flatMap(({ answer }) => [
          {
            role: "user" as const,
            content: answer.replace("Your", "My").replace("You are", "I am")
              .replace("You", "I"),
          },
          { role: "assistant" as const, content: `Got it. ${answer}` },
        ]),
      ],
    }],
    facts: [AGE],
    keep: [NAME, CITY],
    statements: ["Forget it."],
    candidates: 1,
  });
  assertEquals([anew.achieved, anew.method], [true, "read anew without it"]);
  const [gone42] = anew.facts;
  assert(gone42 && gone42.after < gone42.before - 5);
  assertMatch(gone42.says ?? "", /not told me/);

  const born = { question: "When is my birthday?", answer: "It is in May." };
  const messages = [
    ["I live in Leeds", "Got it, you live in Leeds."],
    ["My birthday is in May", "Got it, your birthday is in May."],
  ].flatMap(([user, assistant]) => [
    { role: "user" as const, content: user },
    { role: "assistant" as const, content: assistant },
  ]);
  const head = [{ role: "system" as const, content: "Be kind." }];
  const moved = await forget(editor, {
    save: await editor.read(undefined, [...head, ...messages]),
    told: [{ messages: [...head, ...messages] }],
    facts: [CITY],
    keep: [],
    statements: [],
    candidates: 1,
  });
  // "in" tells no city, so the birthday is left.
  assertEquals(moved.method, "read anew without it");
  assertMatch(moved.summary, /; left out 1 of 3 exchanges$/);
  assertEquals(moved.save.chat.told, headDigest(head));
  assertMatch((await editor.say(moved.save, born.question)).reply, /May/);

  const other = await teach(editor, {
    ...PLAIN,
    save: undefined,
    statements: ["My favourite food is pizza."],
    facts: [FOOD],
    candidates: 1,
  });
  const { format } = services.engine;
  const parts = [told, other].map(({ save }) => ({ save, format, weight: 1 }));
  const mean = await merge(editor, { parts, facts: [NAME, FOOD] });
  assertEquals([mean.achieved, mean.method], [true, "weighted mean"]);
  const lopsided = await merge(editor, {
    parts: parts.map((part, i) => ({ ...part, weight: i === 0 ? 1e6 : 1e-6 })),
    facts: [NAME, FOOD],
  });
  assertEquals(lopsided.achieved, false);
  assertEquals(lopsided.facts.map(({ achieved }) => achieved), [true, false]);
  await dispose();
});

Deno.test("schedules() begins with the plainest and repeats none", () => {
  const lessons = [..."abcd"].map((user) => ({ user }));
  const all = schedules(lessons, 99);
  assertEquals(all.length, 15);
  assertEquals(all[0], { method: "read once, in order", lessons });
  const texts = all.map(({ lessons }) =>
    lessons.map(({ user }) => user).join("")
  );
  assertEquals(new Set(texts).size, 15);
  assertEquals(texts.slice(0, 4), ["abcd", "dcba", "abcdabcd", "cdab"]);
  assertEquals(schedules(lessons.slice(0, 1), 99).length, 3);
  assertEquals(schedules(lessons, 2).length, 2);
});
