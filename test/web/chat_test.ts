import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { SMALL_TALK } from "../story/small_talk.ts";
import { browse, shareChromium } from "./browser.ts";
import { servePage } from "./page_server.ts";
import { serveSlowly } from "./slow_server.ts";
import {
  chatter,
  GREEDY,
  lastAnswer,
  messages,
  preset,
  press,
  say,
  settled,
  turn,
} from "./talk.ts";

shareChromium();

Deno.test("the page knows a name after 50 messages", async () => {
  await using server = await servePage();
  await using browser = await browse();
  const page = await browser.open(server.url);
  await preset(page, GREEDY);
  await say(page, "My name is Dave.");
  const first = await page.locator(".figures").last().innerText();
  const between = SMALL_TALK.slice(0, 50);
  await chatter(page, between);
  assertStringIncludes(await say(page, "What is my name?"), "Dave");

  const size = /[\d.]+ kB/;
  const last = await page.locator(".figures").last().innerText();
  assertEquals(size.exec(last)?.[0], size.exec(first)?.[0]);
  await page.getByText("Show earlier turns").click();
  const shown = await messages(page);
  assertEquals(shown.length, between.length + 2);
  assertEquals(browser.complaints, []);
});

Deno.test("the page forks, goes back, and takes turns back", async () => {
  await using server = await servePage();
  await using browser = await browse();
  const page = await browser.open(server.url);
  await preset(page, GREEDY);
  await say(page, "My name is Dave.");
  await say(page, "How are you?");
  assertStringIncludes(await say(page, "What is my name?"), "Dave");

  await press(turn(page, "My name is Dave."), "Edit and fork");
  await page.getByLabel("Say this instead").fill("My name is Bob.");
  await page.getByLabel("Say this instead").press("Enter");
  await turn(page, "My name is Bob.").waitFor();
  await settled(page);
  assertEquals(await messages(page), ["My name is Bob."]);
  assertStringIncludes(await say(page, "What is my name?"), "Bob");

  // A form that stays open does not take the focus back.
  await press(turn(page, "My name is Bob."), "Edit and fork");
  assertStringIncludes(await say(page, "What is my name?"), "Bob");
  assertEquals(
    await page.evaluate("document.activeElement.ariaLabel"),
    "Message",
  );
  await page.getByLabel("Say this instead").press("Escape");

  await page.getByRole("button", { name: "My name is Dave." }).first().click();
  await turn(page, "How are you?").waitFor();
  assertStringIncludes(await lastAnswer(page), "Dave");

  await page.getByLabel("Take the last turn back").click();
  await page.getByLabel("Take the last turn back").click();
  assertEquals(await messages(page), ["My name is Dave."]);
  await page.getByLabel("Bring it back").click();
  assertEquals(await messages(page), ["My name is Dave.", "How are you?"]);
  await page.keyboard.press("Control+Shift+z");
  await turn(page, "What is my name?").waitFor();
  assertEquals((await messages(page)).length, 3);

  await press(turn(page, "How are you?"), "Answer again");
  await page.getByText("2/2").waitFor();
  await settled(page);
  assertEquals(await messages(page), ["My name is Dave.", "How are you?"]);
  await press(turn(page, "How are you?"), "The fork before");
  await turn(page, "What is my name?").waitFor();
  assertEquals((await messages(page)).length, 3);
});

Deno.test("the page streams, stops, and goes on from what had come", async () => {
  const words = " one two three four five six seven eight nine ten".repeat(20);
  await using server = await serveSlowly({ reply: () => words, tokenMs: 4 });
  await using browser = await browse();
  const page = await browser.open(server.url);
  await page.getByLabel("Message").fill("Count");
  await page.getByLabel("Message").press("Enter");
  await page.locator(".live").getByText("three").waitFor();
  await page.getByRole("button", { name: "Stop" }).click();
  await settled(page);
  const answer = await lastAnswer(page);
  assertStringIncludes(answer, "one two three");
  assert(answer.length < words.trim().length);
  await page.locator(".figures").getByText("stopped").waitFor();

  await say(page, "Count again");
  await page.locator(".figures").getByText("cut off").waitFor();
  await page.getByLabel("Let the answer go on").click();
  await page.getByLabel("The answer goes on").waitFor();
  assertEquals(await page.locator(".turn").count(), 3);
  assertEquals(await messages(page), ["Count", "Count again"]);
});

Deno.test("the page draws Markdown, and runs nothing in it", async () => {
  const answer = ` **bold** and *slanted*, \`code\`
<img src=x onerror="document.title='owned'"><script>document.title='owned'</script>
[bad](javascript:alert(1)) [good](https://example.com/)
- one
- two
\`\`\`js
let x = 1 < 2;
\`\`\`
| a | b |
|---|---|
| 1 | 2 |`;
  await using server = await serveSlowly({ reply: () => answer });
  await using browser = await browse();
  const page = await browser.open(server.url);
  await say(page, "Show me");
  const prose = page.locator(".answer .prose");
  assertEquals(await prose.locator("strong").innerText(), "bold");
  assertEquals(await prose.locator("em").innerText(), "slanted");
  assertEquals(await prose.locator("li").allInnerTexts(), ["one", "two"]);
  assertEquals(await prose.locator("pre code").innerText(), "let x = 1 < 2;");
  assertEquals(await prose.locator("td").allInnerTexts(), ["1", "2"]);
  assertEquals(await prose.locator("a").count(), 1);
  assertEquals(
    await prose.locator("a").getAttribute("href"),
    "https://example.com/",
  );
  assertEquals(await prose.locator("img, script").count(), 0);
  assertStringIncludes(await prose.innerText(), "<script>");
  assertEquals(await page.title(), "Gosling");
  assertEquals(browser.complaints, []);
});

Deno.test("the page lets people type while it streams", async () => {
  const words = " word".repeat(2000);
  await using server = await serveSlowly({ reply: () => words, tokenMs: 5 });
  await using browser = await browse();
  const page = await browser.open(server.url);
  await preset(page, { max_tokens: 4000 });
  await page.getByLabel("Message").fill("Go");
  await page.getByLabel("Message").press("Enter");
  await page.locator(".live").getByText("word word").waitFor();
  const box = page.getByLabel("Message");
  const before = await page.locator(".live").innerText();
  for (const key of "Meanwhile") await box.press(key);
  const after = await page.locator(".live").innerText();
  // Both go on: keys are drawn, and words come (bench/typing.ts measures how soon).
  assertEquals(await box.inputValue(), "Meanwhile");
  assert(after.length > before.length && after.startsWith(before.trimEnd()));
  await page.keyboard.press("Escape");
  await settled(page);
});
