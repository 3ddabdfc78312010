import { assert, assertEquals } from "@std/assert";
import axe from "axe-core";
import type { Page } from "playwright-core";
import { browse, shareChromium } from "./browser.ts";
import { servePage } from "./page_server.ts";
import { GREEDY, preset, save, say, settled } from "./talk.ts";

/** What axe reports of one rule. */
interface Finding {
  readonly id: string;
  readonly impact: string;
  readonly nodes: readonly { readonly html: string }[];
}

shareChromium();

Deno.test("axe has nothing serious to say of any part of the page", async () => {
  await using server = await servePage();
  // The page's policy keeps foreign scripts out, axe among them.
  await using browser = await browse({ bypassCSP: true });
  const page = await browser.open(server.url);
  await preset(page, GREEDY);
  assertEquals(await findings(page), []);
  await say(page, "My name is Dave.");
  await save(page, "First");
  await say(page, "What is my name?");
  await page.locator(".notice[data-shown=false]").waitFor({
    state: "attached",
  });
  for (const colorScheme of ["light", "dark"] as const) {
    await page.emulateMedia({ colorScheme });
    await page.getByRole("tab", { name: "Notebook" }).click();
    assertEquals(await findings(page), []);
    await page.getByRole("tab", { name: "Turns" }).click();
    await page.getByRole("button", { name: "Settings" }).click();
    assertEquals(await findings(page), []);
    await page.keyboard.press("Escape");
    await page.getByRole("link", { name: "Break the curse" }).click();
    await page.getByRole("heading", { name: "Reading a text" }).waitFor();
    assertEquals(await findings(page), []);
    await page.getByRole("link", { name: "Back to the chat" }).click();
  }
  await page.setViewportSize({ width: 390, height: 780 });
  for (const pane of ["Saves", "Memory", "Chat"]) {
    await page.getByRole("navigation", { name: "Panes" })
      .getByRole("button", { name: pane }).click();
    assertEquals(await findings(page), []);
  }
});

Deno.test("the page is used from the keyboard alone", async () => {
  await using server = await servePage();
  await using browser = await browse();
  const page = await browser.open(server.url);
  await preset(page, GREEDY);
  await page.keyboard.press("Tab");
  assertEquals(await focused(page), "Skip to the conversation");
  await page.getByLabel("Message").focus();
  await page.keyboard.type("My name is Dave.");
  await page.keyboard.press("Enter");
  await settled(page);
  assertEquals(await focused(page), "Message");
  await page.keyboard.press("Control+s");
  await page.locator("dialog input:focus").waitFor();
  assertEquals(await page.evaluate("getSelection().toString()"), "Save 1");
  await page.keyboard.type("By hand");
  await page.keyboard.press("Enter");
  await page.getByText("By hand", { exact: true }).waitFor();
  assertEquals(await focused(page), "Message");
  await page.keyboard.press("Control+z");
  await page.getByText("A chat whose memory is a file you hold").waitFor();
  await page.keyboard.press("Control+Shift+z");
  await page.locator(".turn").waitFor();
});

Deno.test("nothing is cut off on a narrow phone", async () => {
  await using server = await servePage();
  await using browser = await browse({
    viewport: { width: 320, height: 600 },
    hasTouch: true,
    isMobile: true,
  });
  const page = await browser.open(server.url);
  await say(page, "My name is Dave.");
  const panes = page.getByRole("navigation", { name: "Panes" });
  for (const pane of ["Saves", "Memory", "Chat"]) {
    await panes.getByRole("button", { name: pane }).tap();
    const wide: number = await page.evaluate(
      "document.documentElement.scrollWidth",
    );
    assertEquals(wide, 320);
  }
  const box = await page.getByLabel("Message").boundingBox();
  assert(box !== null && box.y + box.height < 600);
});

/** What axe finds serious or critical, in words. */
async function findings(page: Page): Promise<string[]> {
  if (await page.evaluate("globalThis.axe === undefined")) {
    await page.evaluate(axe.source);
  }
  const violations: Finding[] = await page.evaluate(
    "axe.run().then(({ violations }) => violations)",
  );
  return violations
    .filter(({ impact }) => impact === "serious" || impact === "critical")
    .map(({ id, nodes }) => `${id}: ${nodes.map(({ html }) => html).join()}`);
}

/** What has the focus, by its name. */
async function focused(page: Page): Promise<unknown> {
  return await page.evaluate(
    "document.activeElement.ariaLabel ?? document.activeElement.innerText",
  );
}
