/**
 * The story with save slots, in a browser.
 *
 * @module
 */

import { assert, assertEquals, assertMatch } from "@std/assert";
import type { Page } from "playwright-core";
import { serve } from "../story/server.ts";
import { serveFiles } from "../support/file_host.ts";
import { browse, shareChromium } from "../web/browser.ts";

const FOLDER = new URL("../../examples/story/", import.meta.url);

shareChromium();

async function say(page: Page, words: string): Promise<string> {
  const saves = await page.evaluate("localStorage.story");
  await page.getByLabel("Message").fill(words);
  await page.getByLabel("Message").press("Enter");
  await page.waitForFunction(`localStorage.story !== ${JSON.stringify(saves)}`);
  return await page.locator(".told").last().innerText();
}

Deno.test("a story has save slots, and is there after a reload", async () => {
  const script = await Deno.readTextFile(new URL("story.js", FOLDER));
  assert(script.split("\n").length <= 61, "it has 60 lines");
  await using server = await serve("--device", "wasm", "--threads", "1");
  await using host = serveFiles(FOLDER.pathname, false);
  await using browser = await browse();
  // A story is drawn at random; what it remembers is not.
  await browser.context.route("**/v1/generate", async (route) => {
    const asked = route.request().postDataJSON();
    const postData = JSON.stringify({ ...asked, temperature: 0 });
    await route.continue({ postData });
  });
  const page = await browser.open(`${host.url}/?server=${server.url}`);
  // Its script waits for the client's module.
  await page.getByText("Load 1").waitFor();
  await say(page, "My name is Dave.");
  await page.getByText("Save 1").click();
  await say(page, "My name is Ann.");
  await page.getByText("Load 1").click();
  assertEquals(await page.locator(".told").count(), 1);
  await page.reload();
  await page.getByText("Load 1").waitFor();
  assertEquals(await page.getByText("Load 2").isDisabled(), true);
  assertMatch(await say(page, "What is my name?"), /Dave/);
  await page.getByText("Take back").click();
  assertEquals(await page.locator(".told").count(), 1);
  assertEquals(browser.complaints, []);
});
