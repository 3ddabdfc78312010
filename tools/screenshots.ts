/**
 * Takes the pictures of the page: `deno run -A tools/screenshots.ts`.
 *
 * @module
 */

import type { Page } from "playwright-core";
import { SMALL_TALK } from "../test/story/small_talk.ts";
import { startServer } from "../test/support/server.ts";
import { browse } from "../test/web/browser.ts";
import { chatter, preset, save, say, SMALL } from "../test/web/talk.ts";

const TARGET = new URL("../docs/screenshots/", import.meta.url);
const DESKTOP = { width: 1280, height: 904 };
const PHONE = { width: 390, height: 780 };

await Deno.mkdir(TARGET, { recursive: true });
await using server = await startServer([...SMALL]);
await using browser = await browse({ viewport: DESKTOP });
const page = await browser.open(server.url);
await preset(page, { temperature: 0 });
await tell(page);
await page.getByRole("slider", { name: "Layer" }).fill("2");
await rest(page);
await take("desktop");

await page.emulateMedia({ colorScheme: "dark" });
await page.getByRole("tab", { name: "Turns" }).click();
await rest(page);
await take("dark");

await page.emulateMedia({ colorScheme: "light" });
await page.setViewportSize(PHONE);
await page.getByRole("button", { name: "Memory" }).click();
await page.getByRole("tab", { name: "Notebook" }).click();
await rest(page);
await take("phone");

/** A name, a fork with another name, and long small talk in between. */
async function tell(page: Page): Promise<void> {
  await say(page, "My name is Dave.");
  await chatter(page, ["I have a dog named Rex.", ...SMALL_TALK.slice(0, 30)]);
  await say(page, "I live in Berlin.");
  await save(page, "Dave, in Berlin");
  await chatter(page, ["Actually, my name is Bob.", "What is my name?"]);
  await save(page, "Call me Bob");
  await page.locator(".slot-load").last().click();
  await chatter(page, [
    "Tell me a joke.",
    "What is my dog called?",
    "Where do I live?",
  ]);
  await say(page, "What is my name?");
}

/** Waits until nothing moves, and nothing is pointed at. */
async function rest(page: Page): Promise<void> {
  await page.mouse.move(600, 5);
  await page.evaluate("document.activeElement.blur()");
  await page.locator('.notice[data-shown="false"]')
    .waitFor({ state: "attached" });
  await page.waitForTimeout(600);
}

async function take(name: string): Promise<void> {
  await page.screenshot({
    path: decodeURIComponent(new URL(`${name}.png`, TARGET).pathname),
  });
}
