/**
 * A headless Chromium of the system's own, and the page opened in it.
 *
 * @module
 */

import {
  type Browser,
  type BrowserContext,
  type BrowserContextOptions,
  chromium,
  type Page,
} from "playwright-core";
import { findChromium, findHeadless } from "./chromium.ts";

/** A browser with a profile of its own; disposing it closes it. */
export interface Browsing extends AsyncDisposable {
  readonly context: BrowserContext;
  /** What scripts threw, and what the policy refused. */
  readonly complaints: string[];
  /** Opens the page of a server in a new tab. */
  open(url: string): Promise<Page>;
}

let shared: Browser | undefined;

/**
 * Starts one Chromium for all tests of a file, and ends it after them: its headless
 * shell, where there is one: the same engine, without a window to draw, for less
 * processor time.
 *
 * @param flags For the graphics of a whole Chromium; by default, there are none.
 */
export function shareChromium(flags?: readonly string[]): void {
  Deno.test.beforeAll(async () => {
    // A whole Chromium has the graphics that people have.
    const path = await (flags ? findChromium() : findHeadless());
    shared = await launch(path, flags);
  });
  Deno.test.afterAll(async () => {
    await shared?.close();
    shared = undefined;
  });
}

async function launch(
  path: string | undefined,
  flags: readonly string[] = ["--disable-gpu"],
): Promise<Browser> {
  return await chromium.launch({
    executablePath: expectPath(path),
    args: [
      "--no-sandbox",
      "--disable-quic",
      "--no-first-run",
      "--disable-background-networking",
      "--disable-component-update",
      "--disable-sync",
      ...flags,
    ],
  });
}

/** Opens a profile: nothing in it is of another test. */
export async function browse(
  options: BrowserContextOptions = {},
): Promise<Browsing> {
  const browser = shared ?? await launch(await findChromium());
  const context = await browser.newContext({
    viewport: { width: 1320, height: 860 },
    // What fades has faded at once, and takes no frames.
    reducedMotion: "reduce",
    ...options,
  });
  context.setDefaultTimeout(60_000);
  const complaints: string[] = [];
  context.on("weberror", (error) => complaints.push(String(error.error())));
  context.on("console", (message) => {
    const text = message.text();
    if (/Content Security Policy/i.test(text)) complaints.push(text);
  });
  return {
    context,
    complaints,
    async open(url: string): Promise<Page> {
      const page = await context.newPage();
      await page.goto(url);
      await page.getByLabel("Message").waitFor();
      return page;
    },
    async [Symbol.asyncDispose](): Promise<void> {
      await context.close();
      if (browser !== shared) await browser.close();
    },
  };
}

function expectPath(path: string | undefined): string {
  if (path !== undefined) return path;
  throw new Error(
    "Cannot test the page: there is no Chromium. Repair on Debian: " +
      "sudo apt-get install -y --no-install-recommends chromium, " +
      "or name another in CHROMIUM",
  );
}
