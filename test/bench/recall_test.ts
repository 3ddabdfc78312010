/**
 * `bench/recall.ts` in its short form: at chance with random weights, and right
 * with the embedded model's.
 *
 * @module
 */

import { assert, assertEquals, assertMatch } from "@std/assert";
import { endOf, total } from "../../bench/recall/distance.ts";
import {
  hasTask,
  haystack,
  LANGUAGES,
  TASKS,
} from "../../bench/recall/haystack.ts";
import { freshDialogues } from "../../bench/recall/fresh.ts";
import {
  type ChatResult,
  joined,
  measureChat,
  measureFar,
  measureNeedles,
} from "../../bench/recall/measure.ts";
import { draw, type Results } from "../../bench/recall/page.ts";
import { claims, credit, denies, says } from "../../bench/recall/rules.ts";
import { Subject } from "../../bench/recall/subject.ts";
import { readConfig } from "../../src/config/read_config.ts";
import { compose } from "../../src/serve/compose_services.ts";
import { tinyServer } from "../fuzz/tiny_server.ts";

Deno.test("credit() counts the values that an answer says, as whole words", () => {
  for (
    const [said, values, never, expected] of [
      ["Your name is Dave.", ["Dave"], [], 1],
      ["your name is DAVE!", ["Dave"], [], 1],
      ["Your name is Daven.", ["Dave"], [], 0],
      ["You play the   drums", ["the drums"], [], 1],
      ["The codes are 12 and 34.", ["12", "34", "56", "78"], [], 0.5],
      ["123", ["12"], [], 0],
      ["It was Dave and is Bob.", ["Bob"], ["Dave"], 0],
      ["You have not told me your name yet.", [], ["Dave"], 1],
      ["I don’t know your name.", [], [], 1],
      ["Your name is Dave.", [], ["Dave"], 0],
      ["Your name is Ann.", [], [], 0],
      ["I do not know. Dave?", [], ["Dave"], 0],
      ["", ["Dave"], [], 0],
    ] as const
  ) {
    assertEquals([said, credit(said, { values, never })], [said, expected]);
  }
  assert(!denies("I know your name."));
  assert(says("C'est Zoë", "zoë"));
});

Deno.test("credit() wants nothing else in a list of what is known", () => {
  const values = ["Dave", "Leeds"];
  for (
    const [said, expected] of [
      ["Your name is Dave. You live in Leeds.", 1],
      ["Your name is Dave.", 0.5],
      ["Your name is Dave. You live in Leeds. Your favourite food is wife.", 0],
      ["Your name is Dave. You live in Leeds. I keep it.", 1],
    ] as const
  ) {
    assertEquals([said, credit(said, { values, only: true })], [
      said,
      expected,
    ]);
  }
});

Deno.test("credit() wants a reply that fits and states no fact, where none is asked for", () => {
  const like = /too small|do not know/i;
  for (
    const [said, expected] of [
      ["I am too small for that, sorry.", 1],
      ["I do not know that. Tell me your name.", 1],
      ["You have not told me your name yet.", 0],
      ["Your name is Ann. I am too small.", 0],
      ["The code word is apple.", 0],
      ["", 0],
    ] as const
  ) {
    assertEquals([said, credit(said, { values: [], like })], [said, expected]);
  }
  for (
    const claim of [
      "Your favourite food is Luna.",
      "Got it, your pets are called A and B.",
      "You live in Leeds.",
      "You have a dog.",
      "You are 42 years old.",
    ]
  ) assert(claims(claim), claim);
  for (
    const none of [
      "You are welcome!",
      "You have not told me your pet yet.",
      "How is your day?",
      "Tell me your name, your city or what you like.",
    ]
  ) assert(!claims(none), none);
});

Deno.test("freshDialogues() tells every value that it asks for", () => {
  const all = freshDialogues(2);
  const rows = new Set<string>();
  for (const { steps } of all) {
    const told = steps.filter((step) => typeof step === "string").join(" ");
    const asked = steps.flatMap((step) => typeof step === "string" ? [] : step);
    assert(asked.length > 0);
    for (const { cell, values, like, user } of asked) {
      rows.add(cell.row);
      assert(!/[{}]/.test(`${user} ${told}`), `${user} ${told}`);
      assertEquals(values.length === 0, like !== undefined, user);
      for (const value of values) {
        assert(says(told, value), `${told}: ${value}`);
      }
    }
  }
  assertEquals([...rows], [
    "several in one sentence",
    "two of a kind",
    "out of scope",
    "small talk",
  ]);
  assertEquals(freshDialogues(2), all);
});

Deno.test("haystack() writes each task of RULER, the same for the same seed", () => {
  for (const language of LANGUAGES) {
    for (const task of TASKS.filter((task) => hasTask(language, task))) {
      const { needles, queries, places } = haystack(language, task, 3);
      assertEquals(
        haystack(language, task, 3).needles,
        needles,
        `${language} ${task}`,
      );
      assertEquals(places.length, needles.length);
      assertEquals(places.toSorted((a, b) => a - b), places);
      const text = needles.map(({ user }) => user).join(" ");
      for (const { values } of queries) {
        for (const value of values) {
          assert(says(text, value), `${task} ${value}`);
        }
      }
      const wanted = queries.flatMap(({ values }) => values).length;
      assertEquals(
        [task, needles.length, wanted],
        [
          task,
          ...{
            "single": [1, 1],
            "multi-key": [4, 1],
            "multi-value": [4, 4],
            "multi-query": [4, 4],
            "variable tracking": [5, 5],
          }[task],
        ],
      );
    }
  }
});

Deno.test("endOf() finds where remembering ends", () => {
  const row = (distance: number, right: number) => ({
    facts: 1,
    distance,
    asked: 20,
    right,
  });
  assertEquals(endOf([row(10, 20), row(20, 19), row(40, 12), row(80, 3)]), {
    whole: 20,
    half: 80,
  });
  assertEquals(endOf([row(10, 20)]), { whole: 10, half: undefined });
  assertEquals(endOf([row(10, 2)]), { whole: undefined, half: 10 });
  assertEquals(total([row(10, 1), row(10, 2), row(5, 3)]), [
    row(5, 3),
    { ...row(10, 3), asked: 40 },
  ]);
});

Deno.test("joined() replaces the kinds that were measured again", () => {
  const measured = (
    right: number,
    ...kinds: ("fresh values" | "seen values")[]
  ): ChatResult => ({
    scores: kinds.map((kind) => ({
      cell: { row: "kept" },
      kind,
      asked: 4,
      right,
      exact: 0,
      stale: 0,
      claims: 0,
      choice: { asked: 0, right: 0 },
    })),
    wrong: kinds.map((kind) => ({
      kind,
      user: `${right}`,
      reply: "",
      said: "",
    })),
    cost: { read: 10, drawn: right, saves: 1, largestSave: 50 + right },
    seconds: 5,
  });
  const both = joined(
    measured(1, "seen values", "fresh values"),
    measured(3, "fresh values"),
  );
  assertEquals(both.scores.map(({ kind, right }) => [kind, right]), [
    ["seen values", 1],
    ["fresh values", 3],
  ]);
  assertEquals(both.wrong.map(({ user }) => user), ["1", "3"]);
  assertEquals(both.cost, { read: 20, drawn: 4, saves: 2, largestSave: 53 });
  assertEquals(both.seconds, 10);
  // All of it again: nothing is left of what was before, its cost neither.
  const again = measured(3, "fresh values");
  assertEquals(joined(measured(1, "fresh values"), again), again);
});

/** Everything, as short as it can be. */
async function short(subject: Subject, lanes: number) {
  const options = { lanes };
  return {
    chat: await measureChat(subject, {
      rows: 1,
      distances: [1, 3],
      kinds: ["seen values"],
    }, options),
    needles: await measureNeedles(subject, {
      sizes: [128, 300],
      depths: [0, 0.5, 1],
      samples: 1,
      byDepth: ["talk"],
      longest: { talk: 300, prose: 128 },
      wholeAt: 0.5,
    }, options),
    far: await measureFar(
      subject,
      { texts: 1, distances: [50, 200], facts: [1, 6] },
      options,
    ),
  };
}

Deno.test("random weights remember nothing, and every part of the page says so", async () => {
  await using server = await tinyServer({ lanes: 2 });
  const { engine, vault } = server;
  const subject = new Subject({ engine, vault }, { longest: 6, codec: "int4" });
  const { chat, needles, far } = await short(subject, 2);
  const told = chat.scores.filter(({ cell }) => cell.row !== "unknown");
  assert(told.length >= 6);
  assertEquals(told.map(({ right }) => right), told.map(() => 0));
  assertEquals(needles.found.length, 6 + 2 * 2 + 5);
  for (const { saved, whole = 0, blank } of needles.found) {
    assertEquals([saved, whole, blank], [0, 0, 0]);
  }
  assertEquals(far.remembered.map(({ asked, right }) => [asked, right]), [
    [1, 0],
    [1, 0],
    [6, 0],
    [6, 0],
  ]);
  // One of four is right by chance: not all, and not by more than luck.
  const asked = chat.scores.reduce((sum, { choice }) => sum + choice.asked, 0);
  const right = chat.scores.reduce((sum, { choice }) => sum + choice.right, 0);
  assert(asked > 20 && right < 0.7 * asked, `${right} of ${asked}`);
  const results: Results = {
    machine: {
      cpu: "none",
      cores: 1,
      memory: 1,
      runtime: "Deno",
      commit: "0",
      date: "2026-01-01",
    },
    commands: { chat: "deno task recall" },
    model: {
      id: "tiny",
      fingerprint: "ab",
      parameters: 1,
      quantization: "none",
      device: "wasm",
      codec: "int4",
    },
    chat,
    fresh: {
      scores: [{
        cell: { row: "out of scope" },
        kind: "seen values",
        asked: 8,
        right: 6,
        exact: 0,
        stale: 0,
        claims: 1,
        choice: { asked: 0, right: 0 },
      }],
      wrong: [],
      cost: chat.cost,
      seconds: 1,
    },
    needles,
    far,
    formats: [{
      codec: "int4",
      quantization: "none",
      scores: chat.scores,
      largestSave: chat.cost.largestSave,
    }],
  };
  const files = draw(results);
  assertEquals(Object.keys(files).sort(), [
    "README.md",
    "depth-talk.svg",
    "distance.svg",
  ]);
  const { "README.md": page } = files;
  for (
    const name of Object.keys(files).filter((name) => name !== "README.md")
  ) {
    assert(page.includes(`(${name})`), name);
  }
  assertMatch(page, /Not run here/);
  assertMatch(page, /\| kept +\| +0\.0 %/);
  assertMatch(page, /\| out of scope +\| +75\.0 % \(6\/8\) \|/);
  assertMatch(page, /\| out of scope: states .+\| +12\.5 % \(1\/8\) \|/);
  assertMatch(files["depth-talk.svg"] ?? "", />0 %<\/text>/);
});

Deno.test("the embedded model finds what random weights do not", async () => {
  const config = readConfig(
    { device: "wasm", threads: "1", lanes: "2" },
    () => undefined,
  );
  const { services, dispose } = await compose(config, () => {});
  const subject = new Subject(services, { longest: 40 });
  const { found } = await measureNeedles(subject, {
    sizes: [200],
    depths: [0, 1],
    samples: 2,
    byDepth: ["talk"],
    longest: { talk: 0, prose: 0 },
    wholeAt: 0,
  }, { lanes: 2 });
  const far = await measureFar(
    subject,
    { texts: 1, distances: [100], facts: [6] },
    { lanes: 2 },
  );
  const choice = await subject.choose(
    "What is my name?",
    ["Your name is Bob.", "Your name is Dave."],
    (await subject.say("My name is Dave.", undefined))[1],
  );
  await dispose();
  assertEquals(
    found.map(({ depth, saved, whole, blank }) => [depth, saved, whole, blank]),
    [[0, 1, 1, 0], [1, 1, undefined, 0], [0, 1, 1, 0], [1, 1, undefined, 0]],
  );
  assert((far.remembered[0]?.right ?? 0) >= 5);
  assertEquals(choice, 1);
});
