import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { startServer } from "../support/server.ts";
import { browse, shareChromium } from "./browser.ts";
import { servePage } from "./page_server.ts";
import { serveSlowly } from "./slow_server.ts";
import {
  GREEDY,
  lastAnswer,
  messages,
  preset,
  ready,
  say,
  settled,
  sharedKey,
  SMALL,
  turn,
} from "./talk.ts";

shareChromium();

Deno.test("a conversation goes on after a reload and a new server", async () => {
  const env = sharedKey();
  const server = await startServer([...SMALL], env);
  await using browser = await browse();
  const page = await browser.open(server.url);
  await preset(page, GREEDY);
  await say(page, "My name is Dave.");
  await page.reload();
  await turn(page, "My name is Dave.").waitFor();

  await server.stop("SIGTERM");
  await page.getByLabel("Message").fill("What is my name?");
  await page.getByLabel("Message").press("Enter");
  const alert = page.getByRole("alert");
  await alert.getByText("The server cannot be reached. Nothing is lost")
    .waitFor();
  await page.getByText("server away").waitFor();

  const [, port = ""] = server.host.split(":");
  await using again = await startServer([...SMALL, "--port", port], env);
  assertEquals(again.url, server.url);
  await ready(page);
  await page.getByRole("button", { name: "Try again" }).click();
  await turn(page, "What is my name?").locator(".turn-foot").waitFor();
  assertStringIncludes(await lastAnswer(page), "Dave");
});

Deno.test("a message is not lost when its page or its server goes", async () => {
  const browser = await browse();
  await using _ = browser;
  const reply = () => " word".repeat(2000);
  const server = await serveSlowly({ reply, tokenMs: 5 });
  const page = await browser.open(server.url);
  await page.getByLabel("Message").fill("A long story");
  await page.getByLabel("Message").press("Enter");
  await page.locator(".live").getByText("word word").waitFor();
  await page.reload();
  await page.getByText("closed before the answer had ended").waitFor();
  await page.getByRole("button", { name: "Take the message back" }).click();
  assertEquals(
    await page.getByLabel("Message").inputValue(),
    "A long story",
  );
  await server[Symbol.asyncDispose]();

  await using failing = await serveSlowly({
    reply,
    fail: () => new Error("It broke"),
  });
  const other = await browser.open(failing.url);
  await other.getByLabel("Message").fill("Hello");
  await other.getByLabel("Message").press("Enter");
  await other.getByRole("alert").getByText("The server failed.").waitFor();
  assertEquals(await other.getByText("It broke").count(), 0);
});

Deno.test("two tabs lose nothing of each other", async () => {
  await using server = await servePage();
  await using browser = await browse();
  const one = await browser.open(server.url);
  await preset(one, GREEDY);
  await say(one, "My name is Dave.");
  const two = await browser.open(server.url);
  await turn(two, "My name is Dave.").waitFor();
  await Promise.all([say(one, "How are you?"), say(two, "Tell me a joke.")]);
  assertEquals(await messages(one), ["My name is Dave.", "How are you?"]);
  assertEquals(await messages(two), ["My name is Dave.", "Tell me a joke."]);
  for (const page of [one, two]) {
    await page.getByRole("tab", { name: "Turns" }).click();
    await page.getByRole("treeitem").nth(2).waitFor();
    assertEquals(await page.getByRole("treeitem").count(), 3);
  }
  await one.reload();
  await ready(one);
  assertEquals(await messages(one), ["My name is Dave.", "How are you?"]);
  assertEquals(
    await one.getByRole("button", { name: /^My name is Dave\. 3 turns/ })
      .count(),
    1,
  );
});

Deno.test("the page opens without a network, and holds every save", async () => {
  await using server = await startServer([...SMALL]);
  await using browser = await browse();
  const page = await browser.open(server.url);
  await say(page, "My name is Dave.");
  await page.evaluate("navigator.serviceWorker.ready.then(() => true)");
  await browser.context.setOffline(true);
  await server.stop("SIGKILL");
  await page.reload();
  await turn(page, "My name is Dave.").waitFor();
  await page.getByText("server away").waitFor();
  await page.getByRole("tab", { name: "Turns" }).click();
  assertEquals(await page.getByRole("treeitem").count(), 1);
  await page.getByRole("link", { name: "Break the curse" }).click();
  await page.getByRole("heading", { name: "Reading a text" }).waitFor();
});

Deno.test("the page works where nothing can be stored, and says so", async () => {
  await using server = await servePage();
  await using browser = await browse();
  await browser.context.addInitScript(
    "IDBFactory.prototype.open = () => { throw new DOMException('No'); }",
  );
  const page = await browser.open(server.url);
  await page.locator(".notice").getByText("keeps no storage").waitFor();
  await preset(page, GREEDY);
  await say(page, "My name is Dave.");
  assertStringIncludes(await say(page, "What is my name?"), "Dave");
});

Deno.test("a tree of 1,000 turns opens at once and can be walked", async () => {
  await using server = await serveSlowly({});
  await using browser = await browse();
  const page = await browser.open(server.url);
  await say(page, "The first");
  await page.evaluate(`new Promise((resolve, reject) => {
    const open = (name, store, then) => {
      const opening = indexedDB.open("gosling-" + name);
      opening.onerror = reject;
      opening.onsuccess = () => {
        const change = opening.result.transaction(store, "readwrite");
        then(change.objectStore(store));
        change.oncomplete = resolve;
      };
    };
    open("turns", "turns", (turns) => {
      turns.getAll().onsuccess = ({ target: { result: [first] } }) => {
        const ids = [first.id];
        for (let i = 1; i < 1000; i++) {
          // Every tenth turn goes on from five turns before.
          const parent = ids[i % 10 === 0 ? Math.max(0, i - 5) : i - 1];
          const id = "z" + String(i).padStart(6, "0");
          ids.push(id);
          turns.put({ ...first, id, parent, user: "Turn " + i }, id);
        }
        sessionStorage.setItem("gosling-head", ids.at(-1));
      };
    });
  })`);
  await page.reload();
  await turn(page, "Turn 999").waitFor();

  await page.getByRole("tab", { name: "Turns" }).click();
  const tree = page.getByRole("tree", { name: "1000 turns" });
  await tree.waitFor();
  const drawn = await page.getByRole("treeitem").count();
  assert(drawn < 60, `${drawn} rows are drawn`);
  const selected = page.locator('[role="treeitem"][aria-selected="true"]');
  assertStringIncludes(await selected.innerText(), "Turn 999");
  await tree.focus();
  await page.keyboard.press("Home");
  await page.getByRole("treeitem", { name: "The first" }).waitFor();
  await page.keyboard.press("ArrowDown");
  await page.keyboard.press("Enter");
  await turn(page, "Turn 1").waitFor();
  assertEquals(await messages(page), ["The first", "Turn 1"]);
  await settled(page);
});
