import {
  assert,
  assertEquals,
  assertNotEquals,
  assertStringIncludes,
} from "@std/assert";
import type { Page } from "playwright-core";
import { Client } from "../../src/client/client.ts";
import { browse, shareChromium } from "./browser.ts";
import { servePage } from "./page_server.ts";
import { GREEDY, preset, ready, say, sharedKey } from "./talk.ts";

shareChromium();

Deno.test("the notebook draws the state, its size and the time of turns", async () => {
  await using server = await servePage();
  await using browser = await browse();
  const page = await browser.open(server.url);
  await preset(page, GREEDY);
  const model = await (await fetch(`${server.url}/v1/model`)).json();
  const { layers, heads, width } = model.shape;
  const blank = await pictures(page);
  assertEquals(blank.length, heads);
  assertEquals(blank[0], blank[1]);

  await say(page, "My name is Dave.");
  await page.getByText(`numbers in ${layers} layers`).waitFor();
  const first = await redrawn(page, blank);
  assertNotEquals(first[0], first[1]);
  await page.getByRole("slider", { name: "Layer" })
    .fill(String(layers - 1));
  await page.getByText(`Layer ${layers} of ${layers}`).waitFor();
  await page.getByRole("img", { name: `Head 1 of layer ${layers}` }).waitFor();
  const last = await redrawn(page, first);
  await say(page, "How are you?");
  await page.getByLabel("Last turn's change").check();
  await page.getByRole("img", { name: "what the last turn changed" }).first()
    .waitFor();
  await redrawn(page, last);

  const scales = await page.locator(".scales b").allInnerTexts();
  const figures = await page.locator(".figures").last().innerText();
  assert(figures.includes(scales[0] ?? "no size"), `${scales} ${figures}`);
  const [, tokens = ""] = /(\d+) tokens/.exec(figures) ?? [];
  // Keys and values of every layer, two bytes each.
  const cache = 2 * 2 * layers * width * Number(tokens) / 1000;
  assertEquals(scales[1], `${Number(cache.toPrecision(3))} kB`);
  for (const label of ["The save has", "Time of 2 turns"]) {
    const plot = page.getByRole("img", { name: label });
    await plot.locator("canvas").waitFor();
    assertEquals(await plot.locator("canvas").count(), 1);
  }
  assertEquals(browser.complaints, []);
});

Deno.test("the page draws the committed measurements of the curse", async () => {
  await using server = await servePage();
  await using browser = await browse();
  const page = await browser.open(server.url);
  await page.getByRole("link", { name: "Break the curse" }).click();
  await page.getByRole("heading", { name: "One more token" }).waitFor();
  await page.locator(".plots canvas").nth(3).waitFor();
  assertEquals(await page.locator(".plots canvas").count(), 4);
  const { slopes }: { slopes: { method: string; prefill: number }[] } = JSON
    .parse(
      await Deno.readTextFile(
        new URL("../../bench/results/curse/cost.json", import.meta.url),
      ),
    );
  const softmax = slopes.find(({ method }) => method === "softmax");
  await page.getByText(`softmax attention ∝ n^${softmax?.prefill.toFixed(2)}`)
    .waitFor();
  assertEquals(browser.complaints, []);
});

Deno.test("settings are kept, and go with every request", async () => {
  await using server = await servePage();
  await using browser = await browse();
  const page = await browser.open(server.url);
  await ready(page);
  await page.getByRole("button", { name: "Settings" }).click();
  const dialog = page.getByRole("dialog");
  await dialog.getByText("heads of 64").waitFor();
  await dialog.getByRole("slider", { name: "Temperature" }).fill("0.5");
  await dialog.getByRole("slider", { name: "Top k" }).fill("3");
  await dialog.getByRole("slider", { name: "Longest answer" }).fill("32");
  await dialog.getByLabel("Seed").fill("7");
  await dialog.getByLabel("System prompt").fill("Be brief.");
  await dialog.getByLabel("Codec").selectOption("exact");
  await dialog.getByLabel("Theme").selectOption("dark");
  await page.keyboard.press("Escape");
  await page.reload();
  const asking = page.waitForRequest("**/v1/generate");
  const answer = await say(page, "Hello!");
  const sent = (await asking).postDataJSON();
  assertEquals(sent.temperature, 0.5);
  assertEquals(sent.top_k, 3);
  assertEquals(sent.max_tokens, 32);
  assertEquals(sent.seed, 7);
  assertEquals(sent.state_codec, "exact");
  assertEquals(sent.messages, [
    { role: "system", content: "Be brief." },
    { role: "user", content: "Hello!" },
  ]);
  assertEquals(Object.keys(sent).includes("url"), false);
  await page.getByText("Be brief.").waitFor();
  await page.getByText("this save, exact").waitFor();
  assertEquals(
    await page.evaluate("getComputedStyle(document.body).colorScheme"),
    "dark",
  );
  // Same seed, same words.
  await page.getByRole("button", { name: "New" }).click();
  assertEquals(await say(page, "Hello!"), answer);
});

Deno.test("a conversation begins with a state of the server's where one is set", async () => {
  const env = sharedKey();
  const folder = await Deno.makeTempDir();
  try {
    const path = `${folder}/dave.save`;
    {
      await using server = await servePage(env);
      const { state = "" } = await new Client({ url: server.url }).generate({
        ...GREEDY,
        messages: [{ role: "user", content: "My name is Dave." }],
      });
      await Deno.writeTextFile(path, state);
    }
    await using server = await servePage({
      ...env,
      GOSLING_INITIAL: `dave=${path}`,
    });
    await using browser = await browse();
    const page = await browser.open(server.url);
    await preset(page, GREEDY);
    await page.getByRole("button", { name: "Settings" }).click();
    await page.getByLabel("New conversations begin with").selectOption("dave");
    await page.keyboard.press("Escape");
    assertStringIncludes(await say(page, "What is my name?"), "Dave");
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
});

/** What each head's canvas shows. */
function pictures(page: Page): Promise<string[]> {
  return page.evaluate(
    `[...document.querySelectorAll(".heads canvas")].map((c) => c.toDataURL())`,
  );
}

/** What each head's canvas shows as soon as the first differs from `before`. */
async function redrawn(
  page: Page,
  before: readonly string[],
): Promise<string[]> {
  // The page's policy forbids what waitForFunction() would do with a text.
  for (;;) {
    const now = await pictures(page);
    if (now.length > 0 && now[0] !== before[0]) return now;
    await page.waitForTimeout(20);
  }
}
