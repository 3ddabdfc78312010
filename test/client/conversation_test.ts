import { assert, assertEquals, assertRejects, assertThrows } from "@std/assert";
import { Client } from "../../src/client/client.ts";
import { Conversation } from "../../src/client/conversation.ts";
import { fakeClient } from "./fake_client.ts";

Deno.test("Client gives a whole answer, and the same in pieces", async () => {
  const { client } = fakeClient({ reply: () => " Gänse 🪿!\n\n" });
  const messages = [{ role: "user" as const, content: "Hi" }];
  const { text } = await client.generate({ messages });
  const pieces = await Array.fromAsync(client.stream({ messages }));
  assertEquals(text, "Gänse 🪿!");
  assertEquals(
    pieces.map((event) => event.type === "text" ? event.text : "").join(""),
    text,
  );
});

Deno.test("Client throws what the server says", async () => {
  const { client } = fakeClient();
  await assertRejects(() => client.generate({ prompt: "", state: "x" }), {
    name: "ApiError",
    status: 400,
    code: "ERR_STATE_UNREADABLE",
  });
  const locked = fakeClient({ keys: [{ name: "a", digest: "0".repeat(64) }] });
  await assertRejects(
    () => Array.fromAsync(locked.client.stream({ prompt: "" })),
    { name: "ApiError", status: 401, code: "ERR_REQUEST_UNAUTHORIZED" },
  );
});

Deno.test("Client throws what goes wrong in the middle of a stream", async () => {
  const { client } = fakeClient({ fail: () => new Error("No") });
  await assertRejects(() => Array.fromAsync(client.stream({ prompt: "" })), {
    name: "ApiError",
    status: 500,
    code: "ERR_INTERNAL",
  });
});

Deno.test("Client survives an answer that is no problem document", async () => {
  const client = new Client({
    url: "http://proxy",
    fetch: () => Promise.resolve(new Response("Bad gateway", { status: 502 })),
  });
  await assertRejects(() => client.generate({ prompt: "" }), {
    name: "ApiError",
    status: 502,
    code: "ERR_UNKNOWN",
  });
});

Deno.test("Client says that there is no server", async () => {
  const client = new Client({ url: "http://127.0.0.1:1" });
  await assertRejects(() => client.generate({ prompt: "" }), {
    name: "ApiError",
    status: 0,
    code: "ERR_UNREACHABLE",
  });
});

Deno.test("Conversation carries the save from turn to turn", async () => {
  const { client, engine } = fakeClient();
  const chat = new Conversation(client, { temperature: 0 });
  assertEquals(chat.save, undefined);
  assertEquals((await Array.fromAsync(chat.say("Hi"))).join(""), "Hello!");
  await Array.fromAsync(chat.say("And?"));
  const [first, second] = engine.turns;
  assertEquals([first?.save, first?.sampling.temperature], [undefined, 0]);
  assertEquals(second?.prompt, "User: And?\n\nAssistant:");
  assertEquals(second?.save?.position, 29);
});

Deno.test("Conversation.fork leaves the original where it was", async () => {
  const { client } = fakeClient();
  const chat = new Conversation(client);
  await Array.fromAsync(chat.say("Hi"));
  const { save } = chat;
  const twin = chat.fork();
  await Array.fromAsync(twin.say("You?"));
  assertEquals(chat.save, save);
  assertEquals(twin.undo(), true);
  assertEquals(twin.save, save);
});

Deno.test("Conversation.undo goes back to the save it began with, no further", async () => {
  const { client } = fakeClient();
  const first = new Conversation(client);
  await Array.fromAsync(first.say("Hi"));
  const chat = new Conversation(client, {}, first.save);
  assertEquals(chat.undo(), false);
  assertEquals(chat.save, first.save);
});

Deno.test("Conversation keeps what was said where the loop is left", async () => {
  const { client, engine } = fakeClient({ reply: () => " One two three" });
  const chat = new Conversation(client);
  await chat.ask("Count");
  const { save } = chat;
  let seen = "";
  for await (const piece of chat.say("Again")) {
    seen += piece;
    if (seen.length >= 3) break;
  }
  assertEquals([chat.turn?.finish, chat.turn?.answer], ["left", seen]);
  assertEquals(chat.save, save);
  assertEquals(engine.freed, engine.turns.length);
  await chat.ask("Go on");
  const { prompt, save: from } = engine.turns[2] ?? {};
  assertEquals(
    String(prompt).trimStart(),
    `User: Again\n\nAssistant: ${seen}\n\nUser: Go on\n\nAssistant:`,
  );
  assertEquals(from?.position, engine.turns[1]?.save?.position);
  assert(chat.save !== save);
  assertEquals(chat.path.map(({ finish }) => finish), [
    "length",
    "left",
    "length",
  ]);
});

Deno.test("Conversation forgets a turn that failed, was aborted, or said nothing", async () => {
  const failing = new Conversation(
    fakeClient({ fail: () => new Error("No") }).client,
  );
  await assertRejects(() => failing.ask("Hi"), { name: "ApiError" });
  const { client } = fakeClient({ reply: () => " Hello!" });
  const chat = new Conversation(client);
  const gone = new AbortController();
  await assertRejects(async () => {
    for await (const _ of chat.say("Hi", gone.signal)) gone.abort();
  }, { name: "AbortError" });
  await chat.say("Hi").return(undefined as never);
  assertEquals([failing.turn, chat.turn, chat.turns], [
    undefined,
    undefined,
    [],
  ]);
});

Deno.test("Conversation tells how a turn ended", async () => {
  const { client } = fakeClient();
  const chat = new Conversation(client, { max_tokens: 3 });
  const turn = await chat.ask("Hi");
  assertEquals(chat.turn, turn);
  assertEquals([turn.answer, turn.finish], ["He", "length"]);
  assertEquals(turn.usage?.completion_tokens, 3);
  assertEquals(turn.messages, [{ role: "user", content: "Hi" }]);
});

Deno.test("Conversation takes one turn at a time", async () => {
  const { client, engine } = fakeClient();
  const chat = new Conversation(client);
  const first = chat.say("Hi");
  await first.next();
  await assertRejects(() => chat.ask("You?"), /two turns at once/);
  assertThrows(() => chat.go(), Error, "two turns at once");
  await chat.fork().ask("You?");
  await Array.fromAsync(first);
  await chat.ask("And?");
  assertEquals(engine.turns.length, 3);
});

Deno.test("Conversation has a tree: branches, places with names, answers once more", async () => {
  const { client, engine } = fakeClient();
  const chat = new Conversation(client);
  const first = await chat.ask("Hi");
  const left = await chat.ask("Left");
  chat.keep("left");
  chat.undo();
  const right = await chat.ask("Right");
  await Array.fromAsync(chat.again());
  const other = chat.turn ?? right;
  assertEquals(chat.branches(first), [left, right, other]);
  assertEquals(chat.branches(), [first]);
  assertEquals(other.messages, right.messages);
  assert(engine.turns[3]?.seed !== engine.turns[2]?.seed);
  assertEquals(engine.turns[3]?.save, engine.turns[2]?.save);
  assertEquals([chat.load("left"), chat.turn, chat.slots], [true, left, [
    "left",
  ]]);
  assertEquals([chat.load("none"), chat.drop("left"), chat.slots], [
    false,
    true,
    [],
  ]);
  chat.go(right);
  assertEquals([chat.save, chat.path], [right.save, [first, right]]);
  chat.go();
  assertEquals([chat.turn, chat.save, chat.undo()], [
    undefined,
    undefined,
    false,
  ]);
  const stranger = await new Conversation(client).ask("Hi");
  assertThrows(() => chat.go(stranger), Error, "another conversation");
});

Deno.test("Conversation comes back from JSON, also without its inner saves", async () => {
  const { client, engine } = fakeClient();
  const chat = new Conversation(client);
  chat.keep("start");
  await chat.ask("Hi");
  await chat.ask("Left");
  chat.keep("left");
  chat.undo();
  await chat.ask("Right");
  for (const slim of [false, true]) {
    const text = JSON.stringify(slim ? chat.record({ slim }) : chat);
    const back = Conversation.from(client, JSON.parse(text));
    assertEquals(
      JSON.parse(JSON.stringify(back.record({ slim }))),
      JSON.parse(text),
    );
    assertEquals([back.save, back.slots], [chat.save, ["start", "left"]]);
    assertEquals(back.path.map(({ answer }) => answer), ["Hello!", "Hello!"]);
    back.load("left");
    assertEquals(back.turn?.messages[0]?.content, "Left");
    back.undo();
    assertEquals(back.save === undefined, slim);
    await back.ask("And?");
    const { prompt = "" } = engine.turns.at(-1) ?? {};
    assertEquals(
      prompt,
      (slim ? "User: Hi\n\nAssistant: Hello!\n\n" : "") +
        "User: And?\n\nAssistant:",
    );
  }
});

Deno.test("Conversation refuses what is no record of one", () => {
  const { client } = fakeClient();
  const record = new Conversation(client).record();
  const turn = { messages: [], answer: "" };
  for (
    const wrong of [
      null,
      "x",
      {},
      { ...record, version: 2 },
      { ...record, turns: {} },
      { ...record, turns: [{}] },
      { ...record, turns: [{ ...turn, before: 0 }] },
      { ...record, at: 0 },
      { ...record, slots: { a: 1 } },
      { ...record, begin: 1 },
    ]
  ) {
    assertThrows(
      () => Conversation.from(client, wrong),
      TypeError,
      "Cannot read the conversation",
    );
  }
});
