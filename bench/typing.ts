/**
 * How soon a key is drawn while the page streams an answer: `deno run -A
 * bench/typing.ts [ROUNDS]` prints milliseconds from the key to its frame.
 *
 * Rounds alternate with the same keys on a page at rest, which say what the
 * browser and the machine take by themselves.
 *
 * @module
 */

import { browse } from "../test/web/browser.ts";
import { serveSlowly } from "../test/web/slow_server.ts";
import { preset } from "../test/web/talk.ts";
import { machine } from "./machine.ts";

const TEXT = "Meanwhile I write this.";
const rounds = Number(Deno.args[0] ?? 5);
const words = " word".repeat(4000);

const streaming: number[] = [];
const resting: number[] = [];
{
  await using server = await serveSlowly({ reply: () => words, tokenMs: 1 });
  await using browser = await browse();
  const page = await browser.open(server.url);
  await preset(page, { max_tokens: 4000 });
  const box = page.getByLabel("Message");
  await page.evaluate(`
    globalThis.delays = [];
    addEventListener("keydown", ({ timeStamp }) => {
      requestAnimationFrame(() => setTimeout(() =>
        delays.push(performance.now() - timeStamp)));
    }, true)
  `);
  const type = async (into: number[]) => {
    await page.evaluate("void (delays.length = 0)");
    await box.pressSequentially(TEXT, { delay: 30 });
    await page.waitForFunction(`delays.length === ${TEXT.length}`);
    into.push(...await page.evaluate<number[]>("delays"));
    await box.fill("");
  };
  for (let round = 0; round < rounds; round++) {
    await type(resting);
    await box.fill("Go");
    await box.press("Enter");
    await page.locator(".live").getByText("word word").waitFor();
    await type(streaming);
    await page.keyboard.press("Escape");
    await page.locator(".live").waitFor({ state: "detached" });
  }
}
say(
  `${(await machine()).cpu}, ${rounds} rounds of ${TEXT.length} keys\n`,
);
say("| page      | p50 ms | p90 ms | p99 ms |");
say("| --------- | ------ | ------ | ------ |");
for (const [name, delays] of Object.entries({ resting, streaming })) {
  delays.sort((a, b) => a - b);
  const figures = [0.5, 0.9, 0.99].map((share) =>
    (delays[Math.floor(share * delays.length)] ?? 0).toFixed(1).padStart(6)
  );
  say(`| ${name.padEnd(9)} | ${figures.join(" | ")} |`);
}

function say(line: string): void {
  Deno.stdout.writeSync(new TextEncoder().encode(`${line}\n`));
}
