/**
 * A browser's storage when it is cleared, full, or refused.
 *
 * @module
 */

import { assertEquals, assertMatch } from "@std/assert";
import type { Page } from "playwright-core";
import { browse, shareChromium } from "./browser.ts";
import { serveSlowly } from "./slow_server.ts";
import { messages, say, settled, turn } from "./talk.ts";

shareChromium();

/** Takes saves away behind the page's back, the newest first. */
async function loseSaves(page: Page, count: number): Promise<void> {
  await page.evaluate(`new Promise((resolve, reject) => {
    const opening = indexedDB.open("gosling-states");
    opening.onerror = reject;
    opening.onsuccess = () => {
      const shelf = opening.result.transaction("states", "readwrite")
        .objectStore("states");
      shelf.getAllKeys().onsuccess = ({ target: { result } }) => {
        for (const key of result.sort().slice(-${count})) shelf.delete(key);
        shelf.transaction.oncomplete = resolve;
      };
    };
  })`);
}

/** Bodies of the turns that a page sends from now on. */
function turnsOf(page: Page): Record<string, unknown>[] {
  const sent: Record<string, unknown>[] = [];
  page.on("request", (request) => {
    if (request.url().endsWith("/v1/generate")) {
      sent.push(request.postDataJSON());
    }
  });
  return sent;
}

Deno.test("a save that is gone is never blank: the nearest is offered, or the words", async () => {
  await using server = await serveSlowly({});
  await using browser = await browse();
  const page = await browser.open(server.url);
  await say(page, "One");
  await say(page, "Two");
  await say(page, "Three");
  await loseSaves(page, 1);
  const sent = turnsOf(page);
  await page.getByLabel("Message").fill("Four");
  await page.getByLabel("Message").press("Enter");
  const alert = page.getByRole("alert");
  await alert.getByText("The save of this turn is gone").waitFor();
  assertEquals(sent, []);

  await alert.getByRole("button", { name: "nearest save" }).click();
  assertEquals(await messages(page), ["One", "Two"]);
  assertEquals(await page.getByLabel("Message").inputValue(), "Four");
  await page.getByLabel("Message").press("Enter");
  await settled(page);
  await turn(page, "Four").waitFor();
  assertEquals(sent.map(({ state }) => typeof state), ["string"]);

  await loseSaves(page, 9);
  await page.getByLabel("Message").fill("Five");
  await page.getByLabel("Message").press("Enter");
  await alert.getByText("No earlier save").waitFor();
  assertEquals(
    await alert.getByRole("button", { name: "nearest save" }).count(),
    0,
  );
  await alert.getByRole("button", { name: "Read the words again" }).click();
  await settled(page);
  await turn(page, "Five").waitFor();
  const said = (sent[1]?.["messages"] as { role: string; content: string }[])
    .flatMap(({ role, content }) => role === "user" ? [content] : []);
  assertEquals(said, ["One", "Two", "Four", "Five"]);
  assertEquals(browser.complaints, []);
});

Deno.test("a conversation that is gone altogether is missed", async () => {
  await using server = await serveSlowly({});
  await using browser = await browse();
  const page = await browser.open(server.url);
  await say(page, "One");
  await page.evaluate(`Promise.all(
    ["turns", "states", "slots"].map((name) => new Promise((resolve) => {
      indexedDB.deleteDatabase("gosling-" + name).onsuccess = resolve;
      resolve();
    }))
  )`);
  await page.reload();
  await page.getByRole("alert").getByText("not in this browser any more")
    .waitFor();
});

Deno.test("an answer for which there is no room is not lost, and the page says so", async () => {
  await using server = await serveSlowly({});
  await using browser = await browse();
  const page = await browser.open(server.url);
  await say(page, "One");
  await page.evaluate(`IDBObjectStore.prototype.put = () => {
    throw new DOMException("No room", "QuotaExceededError");
  }`);
  const sent = turnsOf(page);
  await page.getByLabel("Message").fill("Two");
  await page.getByLabel("Message").press("Enter");
  await page.getByRole("alert").getByText("no room for this answer").waitFor();
  assertEquals(await messages(page), ["One", "Two"]);
  await page.getByRole("button", { name: "Dismiss" }).click();
  // It goes on from the save that is held in memory.
  await page.getByLabel("Message").fill("Three");
  await page.getByLabel("Message").press("Enter");
  await turn(page, "Three").waitFor();
  assertEquals(sent.map(({ state }) => typeof state), ["string", "string"]);
  assertEquals(sent[0]?.["state"] === sent[1]?.["state"], false);
});

Deno.test("the page is there where even naming a storage is refused", async () => {
  await using server = await serveSlowly({});
  await using browser = await browse();
  await browser.context.addInitScript(`{
    const refuse = () => { throw new DOMException("No", "SecurityError"); };
    for (const name of ["localStorage", "sessionStorage", "indexedDB"]) {
      Object.defineProperty(window, name, { get: refuse });
    }
    Object.defineProperty(navigator, "serviceWorker", { get: refuse });
    window.BroadcastChannel = refuse;
  }`);
  const page = await browser.open(server.url);
  await page.locator(".notice").getByText("keeps no storage").waitFor();
  await say(page, "One");
  await say(page, "Two");
  assertEquals(await messages(page), ["One", "Two"]);
  assertEquals(browser.complaints, []);
});

Deno.test("a file that can be no save is not read", async () => {
  await using server = await serveSlowly({});
  await using browser = await browse();
  const page = await browser.open(server.url);
  // It takes no memory: nothing of it is read.
  await page.evaluate(`{
    const data = new DataTransfer();
    const file = new File([], "huge.gosling");
    Object.defineProperty(file, "size", { value: 2 ** 28 });
    data.items.add(file);
    const drop = new DragEvent("drop", { dataTransfer: data });
    Object.defineProperty(drop, "dataTransfer", {
      value: { types: ["Files"], files: [file] },
    });
    dispatchEvent(drop);
  }`);
  const notice = page.locator(".notice").getByText("huge.gosling");
  await notice.waitFor();
  assertMatch(await notice.innerText(), /it has 268435456 bytes/);
});
