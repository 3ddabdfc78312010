import { assertEquals, assertStringIncludes } from "@std/assert";
import { buildStaticPage } from "../../tools/web.ts";
import { endBundler } from "../../tools/library.ts";
import { serveFiles } from "../support/file_host.ts";
import { startServer } from "../support/server.ts";
import { browse, shareChromium } from "./browser.ts";
import {
  GREEDY,
  lastAnswer,
  preset,
  ready,
  say,
  sharedKey,
  SMALL,
  turn,
} from "./talk.ts";

shareChromium();
Deno.test.afterAll(endBundler);

/** Once the service worker has the page and the engine. */
const INSTALLED = "navigator.serviceWorker.ready.then(() => true)";

Deno.test("told on the server, asked in the tab, asked on the server again", async () => {
  const env = { ...sharedKey(), GOSLING_PORTABLE: "yes" };
  const server = await startServer([...SMALL], env);
  await using browser = await browse();
  const page = await browser.open(server.url);
  await preset(page, GREEDY);
  await say(page, "My name is Dave.");
  // The tab has the model from now on.
  await page.evaluate(INSTALLED);
  await page.getByRole("button", { name: "Settings" }).click();
  await page.getByLabel(/Answer on this device/).check();
  await page.keyboard.press("Escape");
  assertStringIncludes(await say(page, "I like tea."), "");
  await page.getByText("this device").first().waitFor();
  await page.getByRole("button", { name: "Settings" }).click();
  await page.getByLabel(/Answer on this device/).uncheck();
  await page.keyboard.press("Escape");

  await server.stop("SIGKILL");
  const asked = await say(page, "What is my name?");
  assertStringIncludes(asked, "Dave");
  const foot = turn(page, "What is my name?").locator(".turn-foot");
  await foot.getByText("this device").waitFor();
  assertEquals(await foot.getByText("words read again").count(), 0);
  await say(page, "Actually, my name is Bob.");

  const [, port = ""] = server.host.split(":");
  await using again = await startServer([...SMALL, "--port", port], env);
  assertEquals(again.url, server.url);
  await ready(page);
  assertStringIncludes(await say(page, "What's my name?"), "Bob");
  const last = turn(page, "What's my name?").locator(".turn-foot");
  assertEquals(await last.getByText("this device").count(), 0);
  assertEquals(await last.getByText("words read again").count(), 0);
  assertEquals(browser.complaints, []);
});

Deno.test("where saves are sealed, the tab asks before it reads the words again", async () => {
  const env = sharedKey();
  const server = await startServer([...SMALL], env);
  await using browser = await browse();
  const page = await browser.open(server.url);
  await preset(page, GREEDY);
  await say(page, "My name is Dave.");
  await page.evaluate(INSTALLED);
  await page.evaluate(`caches.open("gosling-model").then(async (cache) => {
    for (const name of ["model.json", "model.safetensors", "vocab.txt"]) {
      await cache.add(new URL("model/" + name, location.href));
    }
  })`);
  await server.stop("SIGKILL");
  await page.getByLabel("Message").fill("What is my name?");
  await page.getByLabel("Message").press("Enter");
  const alert = page.getByRole("alert");
  await alert.getByText("only the server can open its saves").waitFor();
  await alert.getByRole("button", { name: "Answer on this device" }).click();
  const foot = turn(page, "What is my name?").locator(".turn-foot");
  await foot.getByText("words read again").waitFor();
  assertStringIncludes(await lastAnswer(page), "Dave");

  // Back on a server that takes no portable saves the words are read once more.
  const [, port = ""] = server.host.split(":");
  await using again = await startServer([...SMALL, "--port", port], env);
  assertEquals(again.url, server.url);
  await ready(page);
  assertStringIncludes(await say(page, "What's my name?"), "Dave");
});

for (const isolated of [true, false]) {
  Deno.test(`the page works from a host of files, ${isolated ? "" : "not "}isolated`, async () => {
    const folder = await Deno.makeTempDir();
    await buildStaticPage(`${folder}/page`);
    await using files = serveFiles(`${folder}/`, isolated);
    await using browser = await browse();
    const page = await browser.context.newPage();
    await page.goto(`${files.url}/page/`);
    await page.locator(".top .status.none").waitFor();
    assertEquals(await page.evaluate("crossOriginIsolated"), isolated);
    await page.evaluate(
      `localStorage.setItem("gosling-settings", '${JSON.stringify(GREEDY)}')`,
    );
    await page.reload();
    await say(page, "My name is Dave.");
    await page.evaluate(INSTALLED);
    await files.stop();
    // Offline from now on, opened anew.
    await page.reload();
    assertStringIncludes(await say(page, "What is my name?"), "Dave");
    assertEquals(await page.getByText("words read again").count(), 0);
    await Deno.remove(folder, { recursive: true });
    assertEquals(browser.complaints, []);
  });
}
