import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import type { Page } from "playwright-core";
import { twin } from "../support/models/twin.ts";
import { Buffer } from "node:buffer";
import { browse, shareChromium } from "./browser.ts";
import { servePage } from "./page_server.ts";
import {
  GREEDY,
  lastAnswer,
  messages,
  preset,
  save,
  say,
  settled,
  sharedKey,
  slot,
} from "./talk.ts";

shareChromium();

Deno.test("saves are named, loaded, forked, renamed and deleted", async () => {
  await using server = await servePage();
  await using browser = await browse();
  const page = await browser.open(server.url);
  await preset(page, GREEDY);
  await say(page, "My name is Dave.");
  await save(page, "Before");
  assertStringIncludes(await slot(page, "Before").innerText(), "int8");
  assertStringIncludes(await slot(page, "Before").innerText(), "kB");
  assertStringIncludes(await slot(page, "Before").innerText(), "just now");
  await say(page, "Actually, my name is Bob.");
  await page.keyboard.press("Control+s");
  await page.getByRole("dialog").getByLabel("Name").fill("After");
  await page.keyboard.press("Enter");
  await slot(page, "After").waitFor();

  await slot(page, "Before").locator(".slot-load").click();
  assertEquals(await messages(page), ["My name is Dave."]);
  assertStringIncludes(await say(page, "What is my name?"), "Dave");
  await slot(page, "After").locator(".slot-load").click();
  assertStringIncludes(await say(page, "What is my name?"), "Bob");

  await page.getByLabel("Rename Before").click();
  await page.getByRole("dialog").getByLabel("Name").fill("As Dave");
  await page.keyboard.press("Enter");
  await page.getByLabel("Fork As Dave").click();
  await slot(page, "As Dave, fork").waitFor();
  assertEquals(await messages(page), ["My name is Dave."]);

  await page.getByLabel("Delete After").click();
  await page.getByRole("dialog").getByRole("button", { name: "Delete" })
    .click();
  await slot(page, "After").waitFor({ state: "detached" });
  await page.reload();
  await slot(page, "As Dave, fork").waitFor();
  assertEquals(await page.locator(".slot").count(), 2);

  await page.getByLabel("Delete conversation").click();
  await page.getByRole("dialog").getByRole("button", { name: "Delete" })
    .click();
  await page.locator(".slot").first().waitFor({ state: "detached" });
  await page.reload();
  await page.getByText("A chat whose memory is a file you hold").waitFor();
  assertEquals(await page.locator(".slot, .talks li").count(), 0);
});

Deno.test("a save leaves one server as a file and goes on at another", async () => {
  const env = sharedKey();
  await using first = await servePage(env);
  await using second = await servePage(env);
  await using stranger = await servePage(sharedKey());
  await using browser = await browse();
  const page = await browser.open(first.url);
  await preset(page, GREEDY);
  await say(page, "My name is Dave.");
  await say(page, "I have a dog named Rex.");
  await save(page, "Dave and Rex");
  const download = page.waitForEvent("download");
  await page.getByLabel("Export Dave and Rex").click();
  const file = await download;
  assertEquals(file.suggestedFilename(), "Dave and Rex.gosling");
  const content = await Deno.readTextFile(await file.path());

  const other = await browser.open(second.url);
  await preset(other, GREEDY);
  await drop(other, "Dave and Rex.gosling", content);
  await slot(other, "Dave and Rex").waitFor();
  assertEquals(await messages(other), [
    "My name is Dave.",
    "I have a dog named Rex.",
  ]);
  assertStringIncludes(await say(other, "What is my name?"), "Dave");

  // A bare token, as the terminal's /save writes it.
  const { state } = JSON.parse(content);
  await upload(other, "bare.save", state);
  await slot(other, "bare").waitFor();
  assertEquals(await messages(other), []);
  assertStringIncludes(await say(other, "What is my name?"), "Dave");

  const third = await browser.open(stranger.url);
  await upload(third, "Dave and Rex.gosling", content);
  await third.locator(".notice")
    .getByText("This server cannot open the save").waitFor();
  await third.getByLabel("Message").fill("What is my name?");
  await third.keyboard.press("Enter");
  await third.getByRole("alert").getByText("sealed with another key").waitFor();

  await third.getByRole("button", { name: "Settings" }).last().click();
  await third.getByLabel("Address").fill(second.url);
  await third.getByLabel("Address").press("Enter");
  await third.getByRole("dialog").getByText("Connected").waitFor();
  await third.keyboard.press("Escape");
  await third.getByRole("button", { name: "Try again" }).click();
  await third.getByText("What is my name?").waitFor();
  await third.locator(".turn-foot").nth(1).waitFor();
  assertStringIncludes(await lastAnswer(third), "Dave");

  await upload(third, "cat.txt", "this is no save!");
  await third.locator(".notice").getByText("neither a save nor a token")
    .waitFor();
  assertEquals(browser.complaints, []);
});

Deno.test("the page asks for a key where the server does", async () => {
  const digest = new Uint8Array(
    await crypto.subtle.digest("SHA-256", new TextEncoder().encode("sesame")),
  ).toHex();
  await using server = await servePage({
    GOSLING_API_KEYS: `alice:${digest}`,
  });
  await using browser = await browse();
  const page = await browser.open(server.url);
  await page.getByText("not let in").waitFor();
  await page.getByLabel("Message").fill("Hello!");
  await page.keyboard.press("Enter");
  await page.getByRole("alert").getByText("needs an API key").waitFor();
  await page.getByRole("alert").getByRole("button", { name: "Settings" })
    .click();
  await page.getByLabel("Key").fill("sesame");
  await page.getByLabel("Key").press("Enter");
  await page.getByRole("dialog").getByText("Connected").waitFor();
  await page.keyboard.press("Escape");
  await page.getByRole("button", { name: "Try again" }).click();
  await page.locator(".turn-foot").waitFor();
  assert((await lastAnswer(page)).length > 0);
});

async function upload(
  page: Page,
  name: string,
  content: string,
): Promise<void> {
  await page.locator(".import input").setInputFiles({
    name,
    mimeType: "application/json",
    // The wish of playwright's types.
    buffer: Buffer.from(content),
  });
}

/** Drops a file on the page, as from a folder beside it. */
async function drop(page: Page, name: string, text: string): Promise<void> {
  await page.evaluate(`{
    const dataTransfer = new DataTransfer();
    const content = ${JSON.stringify(text)};
    dataTransfer.items.add(new File([content], ${JSON.stringify(name)}));
    for (const type of ["dragover", "drop"]) {
      document.body.dispatchEvent(new DragEvent(type, {
        dataTransfer, bubbles: true, cancelable: true,
      }));
    }
  }`);
}

Deno.test("a memory is edited from its save, and the page shows what was achieved", async () => {
  await using server = await servePage();
  await using browser = await browse();
  const page = await browser.open(server.url);
  await preset(page, GREEDY);
  await say(page, "Hello!");
  await save(page, "Start");
  await page.getByLabel("Edit the memory of Start").click();
  const dialog = page.getByRole("dialog");
  await dialog.getByLabel("Say this").fill("My name is Dave.");
  const known = dialog.getByRole("group", { name: "What must be known" });
  await known.getByLabel("Question").fill("What is my name?");
  await known.getByLabel("Answer").fill("Your name is Dave.");
  await dialog.getByRole("button", { name: "Teach" }).click();
  await dialog.getByText("Learned 1 of 1").waitFor();
  assertStringIncludes(
    await dialog.getByRole("table").innerText(),
    "Your name is Dave.",
  );
  await dialog.getByRole("button", { name: "Close" }).last().click();
  await slot(page, "Start, taught").waitFor();
  await page.getByText("Learned 1 of 1").first().waitFor();
  assertStringIncludes(await say(page, "What is my name?"), "Dave");

  await page.getByLabel("Edit the memory of Start, taught").click();
  await dialog.getByLabel("What to do").selectOption("forget");
  await dialog.getByLabel("Say this").fill("Well, well.");
  const gone = dialog.getByRole("group", { name: "What goes" });
  await gone.getByLabel("Question").fill("What is my name?");
  await gone.getByLabel("Answer").fill("Your name is Dave.");
  await dialog.getByRole("button", { name: "Forget" }).click();
  // Every word is known, the replies to what was taught too.
  await dialog.getByText("Forgot 1 of 1; left out 1 of 2 exchanges").waitFor();
  assertEquals(browser.complaints, []);
});

Deno.test("a save leaves under a passphrase, without words, and comes back with it", async () => {
  await using server = await servePage();
  await using browser = await browse();
  const page = await browser.open(server.url);
  await preset(page, GREEDY);
  await say(page, "My name is Dave.");
  await save(page, "Dave's");
  const leaving = page.waitForEvent("download");
  await page.getByLabel("Lock Dave's in a file").click();
  await page.getByRole("dialog").getByLabel("Passphrase").fill("tall ships");
  await page.keyboard.press("Enter");
  const text = await Deno.readTextFile(await (await leaving).path());
  assert(!text.includes("My name is Dave") && text.includes('"past": []'));
  const file = {
    name: "locked.gosling",
    mimeType: "application/json",
    buffer: Buffer.from(text),
  };
  await page.locator(".import input").setInputFiles(file);
  await page.getByRole("dialog").getByLabel("Passphrase").fill("tall ships");
  await page.keyboard.press("Enter");
  await page.locator(".slot").nth(1).waitFor();
  assertEquals(await messages(page), []);
  assertStringIncludes(await say(page, "What is my name?"), "Dave");
});

Deno.test("a conversation with a transcript goes on at another model, which reads it anew", async () => {
  const folder = await Deno.makeTempDir();
  const env = sharedKey();
  await using browser = await browse();
  await using server = await servePage(env);
  const page = await browser.open(server.url);
  const sent: Record<string, unknown>[] = [];
  page.on("request", (request) => {
    if (!request.url().endsWith("/v1/generate")) return;
    sent.push(JSON.parse(request.postData() ?? "{}"));
  });
  {
    await using old = await servePage(env, await twin(folder));
    await preset(page, { ...GREEDY, url: old.url });
    await page.getByLabel("Settings").click();
    const dialog = page.getByRole("dialog");
    await dialog.getByLabel("Keep a transcript").check();
    await page.keyboard.press("Escape");
    await say(page, "My name is Dave.");
    await say(page, "I am glad to be here.");
  }
  assertEquals(sent.map(({ transcript }) => transcript), [true, undefined]);
  await preset(page, GREEDY);
  await page.getByLabel("Message").fill("What is my name?");
  await page.getByLabel("Message").press("Enter");
  const alert = page.getByRole("alert");
  await alert.getByText("Another model answers here").waitFor();
  await alert.getByRole("button", { name: "Read the conversation anew" })
    .click();
  await settled(page);
  assertStringIncludes(await lastAnswer(page), "Dave");
  const { on_mismatch, messages, state } = sent.at(-1) ?? {};
  assertEquals([on_mismatch, typeof state], ["rebase", "string"]);
  assertEquals(messages, [{ role: "user", content: "What is my name?" }]);
  // The next save is this model's own.
  await say(page, "Thank you.");
  assertEquals(sent.at(-1)?.["on_mismatch"], undefined);
  await Deno.remove(folder, { recursive: true });
});
