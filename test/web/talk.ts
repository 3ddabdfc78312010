/**
 * What people do with the page.
 *
 * @module
 */

import type { Locator, Page } from "playwright-core";
import { formatKey, randomKey } from "../../src/state/state_keys.ts";

/** Settings under which the model always says the same. */
export const GREEDY = { temperature: 0, max_tokens: 64 };

/** The environment of servers that open each other's saves. */
export function sharedKey(): Record<string, string> {
  return { GOSLING_STATE_KEYS: formatKey(randomKey()) };
}

/** Flags of a server that leaves the processor to others. */
export const SMALL = ["--device", "wasm", "--threads", "1"] as const;

/** Sets settings before the page is loaded for the first time. */
export async function preset(page: Page, settings: object): Promise<void> {
  const json = JSON.stringify(JSON.stringify(settings));
  await page.evaluate(`localStorage.setItem("gosling-settings", ${json})`);
  await page.reload();
  await ready(page);
}

/** Waits until the page knows its server. */
export async function ready(page: Page): Promise<void> {
  await page.locator(".top .status.ready").waitFor();
}

/** Says something and waits for the answer. */
export async function say(page: Page, text: string): Promise<string> {
  const before = await page.locator(".turn").count();
  await page.getByLabel("Message").fill(text);
  await page.getByLabel("Message").press("Enter");
  await settled(page);
  if (before < 40) await turn(page, text).waitFor();
  return await lastAnswer(page);
}

/** Says one thing after another, as fast as the answers come. */
export async function chatter(
  page: Page,
  messages: readonly string[],
): Promise<void> {
  await page.evaluate(`(async () => {
    const area = document.querySelector(".composer textarea");
    for (const message of ${JSON.stringify(messages)}) {
      area.value = message;
      area.dispatchEvent(new Event("input", { bubbles: true }));
      await frame();
      area.form.requestSubmit();
      do await frame(); while (document.querySelector(".live") ||
        [...document.querySelectorAll(".user p")].at(-1).innerText !== message);
    }
    function frame() {
      return new Promise((resolve) => requestAnimationFrame(resolve));
    }
  })()`);
}

/** Waits until no answer is under way. */
export async function settled(page: Page): Promise<void> {
  await page.getByRole("button", { name: "Send" }).waitFor();
  await page.locator(".turn.live").waitFor({ state: "detached" });
}

/** The last answer there is. */
export async function lastAnswer(page: Page): Promise<string> {
  return (await page.locator(".answer").last().innerText()).trim();
}

/** Every message of the person that is shown. */
export function messages(page: Page): Promise<string[]> {
  return page.locator(".user p").allInnerTexts();
}

/** The last turn in which this was said. */
export function turn(page: Page, text: string): Locator {
  return page.locator(".turn", { has: page.getByText(text, { exact: true }) })
    .last();
}

/** Presses a button of a turn, which shows when the pointer is there. */
export async function press(turn: Locator, name: string): Promise<void> {
  await turn.hover();
  await turn.getByRole("button", { name, exact: true }).click();
}

/** Gives the last turn a name. */
export async function save(page: Page, name: string): Promise<void> {
  await page.getByRole("button", { name: "Save", exact: true }).click();
  const dialog = page.getByRole("dialog");
  await dialog.getByLabel("Name").fill(name);
  await dialog.getByRole("button", { name: "Save" }).click();
  await slot(page, name).waitFor();
}

/** A slot on the shelf. */
export function slot(page: Page, name: string): Locator {
  return page.locator(".slot", { has: page.getByText(name, { exact: true }) });
}
