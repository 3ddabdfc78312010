/**
 * The engine in a tab beside the server on the same machine: `deno run -A
 * bench/tab.ts [ROUNDS]` writes `bench/results/tab/`.
 *
 * Rounds alternate: the server decodes, the tab decodes, the page is opened with a
 * warm cache and no network. All with the embedded model.
 *
 * @module
 */

import type { Page } from "playwright-core";
import { serveFiles } from "../test/support/file_host.ts";
import { startServer } from "../test/support/server.ts";
import { browse, type Browsing } from "../test/web/browser.ts";
import { endBundler } from "../tools/library.ts";
import { buildStaticPage } from "../tools/web.ts";
import { machine } from "./machine.ts";
import { median } from "./speed.ts";

const TOKENS = 256;
const TARGET = new URL("results/tab/", import.meta.url);
const rounds = Number(Deno.args[0] ?? 7);

/** Starts the engine of the page, without the page around it. */
const ENGINE = `new Promise((resolve, reject) => {
  const worker = new Worker(new URL("engine.js", document.baseURI), {
    type: "module",
  });
  let id = 0, settle = { resolve, reject };
  worker.onmessage = ({ data }) => {
    if (data.type === "opened") settle.resolve(true);
    if (data.type === "done") settle.resolve(data.end);
    if (data.type === "failed") settle.reject(new Error(data.message));
  };
  window.takeTurn = (request) => new Promise((resolve, reject) => {
    settle = { resolve, reject };
    worker.postMessage({ type: "turn", id: ++id, request });
  });
  worker.postMessage({ type: "open", id });
})`;

interface Round {
  /** Tokens a second. */
  readonly server: number;
  readonly threads: number;
  readonly inline: number;
  /** Milliseconds from opening the page to the first token of an answer. */
  readonly firstToken: number;
}

const folder = await Deno.makeTempDir();
await buildStaticPage(`${folder}/page`);
await endBundler();
const results: Round[] = [];
{
  await using isolated = serveFiles(`${folder}/`, true);
  await using plain = serveFiles(`${folder}/`, false);
  await using server = await startServer(["--device", "wasm"]);
  await using browser = await browse();
  const threads = await open(browser, isolated.url);
  const inline = await open(browser, plain.url);
  for (let round = 0; round < rounds; round++) {
    results.push({
      server: await onServer(server.url),
      threads: await inTab(threads),
      inline: await inTab(inline),
      firstToken: await opening(browser, isolated.url),
    });
  }
}
await Deno.remove(folder, { recursive: true });
await write(results);

async function open(
  { context }: Browsing,
  url: string,
): Promise<Page> {
  const page = await context.newPage();
  await page.goto(`${url}/page/`);
  await page.evaluate(ENGINE);
  await page.evaluate("navigator.serviceWorker.ready.then(() => true)");
  return page;
}

/** A new tab, the network off, a message sent as soon as the page takes one. */
async function opening(
  { context }: Browsing,
  url: string,
): Promise<number> {
  const page = await context.newPage();
  const began = performance.now();
  await page.goto(`${url}/page/`);
  await page.getByLabel("Message").fill("Hello!");
  await page.getByLabel("Message").press("Enter");
  await page.locator(".turn .answer p:not(.waiting):not(.loading-model)")
    .first().waitFor();
  const ms = performance.now() - began;
  await page.evaluate("sessionStorage.clear(); localStorage.clear()");
  await page.close();
  return ms;
}

async function onServer(url: string): Promise<number> {
  const response = await fetch(`${url}/v1/generate`, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify(request()),
  });
  return speed(await response.json());
}

async function inTab(page: Page): Promise<number> {
  const json = JSON.stringify(request());
  return speed(await page.evaluate(`takeTurn(${json})`));
}

/** The same text everywhere. */
function request(): Record<string, unknown> {
  return {
    prompt: "User: Hello!\n\nAssistant:",
    max_tokens: TOKENS,
    temperature: 0,
    seed: 1,
  };
}

function speed(
  { usage, timings }: {
    usage: { completion_tokens: number };
    timings: { decode_ms: number };
  },
): number {
  return 1000 * usage.completion_tokens / timings.decode_ms;
}

async function write(results: readonly Round[]): Promise<void> {
  const of = (name: keyof Round) => median(results.map((round) => round[name]));
  const ratio = (name: "threads" | "inline") =>
    median(results.map((round) => round[name] / round.server));
  const { cpu, cores, runtime, commit, date } = await machine();
  const number = (value: number) => Math.round(value).toLocaleString("en");
  await Deno.mkdir(TARGET, { recursive: true });
  await Deno.writeTextFile(
    new URL("results.json", TARGET),
    JSON.stringify({ cpu, cores, runtime, commit, date, results }, null, 1),
  );
  await Deno.writeTextFile(
    new URL("README.md", TARGET),
    `# The engine in a tab

Measured by \`deno run -A bench/tab.ts\`, medians of ${results.length} alternating rounds: ${cpu}, ${cores} cores, ${runtime}, Debian's Chromium, commit ${commit}, ${date}. The embedded model, ${TOKENS} tokens drawn greedily.

|                                              |    tokens/s | of the server's |
| -------------------------------------------- | ----------: | --------------: |
| server, wasm, one thread a core              | ${number(of("server"))} | 1 |
| tab, isolated: the same threads              | ${number(of("threads"))} | ${
      ratio("threads").toFixed(2)
    } |
| tab, not isolated: one thread, in line       | ${number(of("inline"))} | ${
      ratio("inline").toFixed(2)
    } |

From opening the page with a warm cache to the first word of an answer: ${
      number(of("firstToken"))
    } ms (${results.map((round) => number(round.firstToken)).join(", ")}).
`,
  );
}
