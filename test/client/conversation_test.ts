import { assertEquals, assertRejects } from "@std/assert";
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

Deno.test("Conversation forgets a turn that was left before its end", async () => {
  const { client, engine } = fakeClient();
  const chat = new Conversation(client);
  for await (const _ of chat.say("Hi")) break;
  assertEquals(chat.save, undefined);
  assertEquals(engine.freed, 1);
});
