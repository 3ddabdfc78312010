/**
 * Every kernel once more, through the second WGSL compiler there is: Deno compiles
 * shaders with naga, Chromium with Tint. The test files are those of Deno, and so
 * is what they say when they fail.
 *
 * @module
 */

import { assert, assertEquals } from "@std/assert";
import type { Page } from "playwright-core";
import { browse, shareChromium } from "../web/browser.ts";
import { failAgain } from "./fail_again.ts";
import { hostTests } from "./host.ts";
import type { Report, Verdict } from "./inside.ts";

const ROOT = new URL("../../", import.meta.url);

/** Folders of shaders. */
const SHADERS = ["shaders/", "lab/curse/shaders/", "bench/"];

/** Test files that run on a device, by their paths. */
const FILES = [
  ...filesIn("test/kernels/", /_test\.ts$/)
    // It reads the shaders' text, and runs none.
    .filter((path) => path !== "test/kernels/shaders_test.ts"),
  "test/chromium/device.ts",
  "test/device/webgpu/buffers_test.ts",
  "lab/curse/test/methods_test.ts",
];

// SwiftShader runs what Tint compiled on any machine.
shareChromium(["--enable-unsafe-webgpu", "--use-webgpu-adapter=swiftshader"]);

let host: ReturnType<typeof hostTests>;
Deno.test.beforeAll(() => {
  host = hostTests();
});
Deno.test.afterAll(async () => await host[Symbol.asyncDispose]());

const compiled = new Set<string>();

for (const path of FILES) {
  Deno.test(`in Chromium: ${path}`, async (t) => {
    const { verdicts, shaders } = await inPage((page) =>
      page.evaluate(
        `runTests(${JSON.stringify(`/${path}`)})`,
      ) as Promise<Report>
    );
    for (const source of shaders) compiled.add(source);
    for (const verdict of verdicts) await tell(t, verdict);
  });
}

Deno.test("in Chromium: every shader compiles, and every kernel has run", async () => {
  const sources = new Map(
    SHADERS.flatMap((folder) => filesIn(folder, /\.wgsl$/))
      .map((path) => [path, Deno.readTextFileSync(new URL(path, ROOT))]),
  );
  const messages = await inPage((page) =>
    page.evaluate(`compileShaders(${JSON.stringify([...sources.values()])})`)
  );
  assertEquals(messages, Array.from(sources, () => []));
  for (const [path, source] of sources) {
    // What measures the memory's speed is no kernel.
    if (path.startsWith("bench/")) continue;
    assert(compiled.has(source), `no test has run ${path}`);
  }
});

async function inPage<T>(work: (page: Page) => Promise<T>): Promise<T> {
  await using browser = await browse();
  const page = await browser.context.newPage();
  await page.goto(host.url);
  return await work(page);
}

/** A test of the page, as a step here. */
async function tell(
  t: Deno.TestContext,
  { name, failure, steps }: Verdict,
): Promise<void> {
  await t.step(name, async (t) => {
    for (const step of steps) await tell(t, step);
    if (failure !== undefined) failAgain(failure);
  });
}

function filesIn(folder: string, name: RegExp): string[] {
  return Array.from(Deno.readDirSync(new URL(folder, ROOT)))
    .filter((entry) => name.test(entry.name))
    .map((entry) => folder + entry.name).toSorted();
}
