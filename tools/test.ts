/**
 * `deno task test [PATH …] [deno test's flags]`: makes sure that there is a WebGPU
 * adapter, a Chromium, nginx and HAProxy, runs the tests, and ends with the line
 * `N passed, N failed`. `--unit` runs what needs none of these and no server.
 *
 * Each file runs in a process of its own, two more than cores: files share no memory,
 * descriptors or threads, and what one of them leaves behind troubles no other.
 * Types are checked once for all of them, so that processes and their workers start
 * at once.
 *
 * A file that fails is run once more when all others have ended. Should it pass then,
 * the second run counts, and the file is named as flaky: either the test or the
 * program has a race, and what the first run said stands above.
 *
 * Tests of kernels, of the page and of `deploy/` never skip. Where one of the
 * programs is missing, Debian's package is installed if this process may do so, and
 * otherwise the command that repairs it is printed and nothing is run.
 *
 * @module
 */

import {
  checkTypes,
  type FileResult,
  runFile,
  runInLanes,
} from "./test/lanes.ts";
import { provideNeeds } from "./test/needs.ts";
import { selectFiles } from "./test/select.ts";

/** Files that are run once more at most. */
const MOST_AGAIN = 3;

const paths = Deno.args.filter((arg) => !arg.startsWith("-"));
const unit = Deno.args.includes("--unit");
const flags = Deno.args.filter((arg) =>
  arg.startsWith("-") && arg !== "--unit"
);

// wgpu complains on stderr about an unset runtime folder at every start.
Deno.env.set("XDG_RUNTIME_DIR", Deno.env.get("XDG_RUNTIME_DIR") ?? "/tmp");

// Tasks that tests start belong to the folder that they are started in.
Deno.env.delete("INIT_CWD");

const began = performance.now();
const missing = unit ? undefined : await provideNeeds();
if (missing !== undefined) {
  say(missing);
  say("0 passed, 1 failed");
  Deno.exit(1);
}

const files = await selectFiles(paths, unit);
const results: FileResult[] = [];
const report = (result: FileResult) => {
  results.push(result);
  tell(`[${results.length}/${files.length + 1}]`, result);
};
const [types] = await Promise.all([
  checkTypes(),
  runInLanes(files, flags, report),
]);
report(types);

const flaky: string[] = [];
const unsure = results.filter(({ failed, path }) =>
  failed > 0 && path !== "types"
);
// More than a few have a cause in common.
for (const first of unsure.length > MOST_AGAIN ? [] : unsure) {
  const again = await runFile(first.path, flags);
  tell("[again]", again);
  if (again.failed > 0) continue;
  results[results.indexOf(first)] = again;
  flaky.push(first.path);
}
if (flaky.length > 0) say(`\nFlaky: ${flaky.join(" ")}`);
const failing = results.filter(({ failed }) => failed > 0);
if (failing.length > 0) {
  say(`\nFailed: ${failing.map(({ path }) => path).join(" ")}`);
}
const sum = (of: "passed" | "failed") =>
  results.reduce((sum, result) => sum + result[of], 0);
say(`\n${((performance.now() - began) / 1000).toFixed(0)} s`);
say(`${sum("passed")} passed, ${sum("failed")} failed`);
Deno.exit(failing.length > 0 ? 1 : 0);

function tell(
  place: string,
  { path, passed, failed, ignored, aborted, seconds, output }: FileResult,
): void {
  const told = [`${passed} passed`];
  if (failed > 0) told.push(`${failed} failed`);
  if (ignored > 0) told.push(`${ignored} ignored`);
  say(`${place} ${path}: ${told.join(", ")} (${seconds.toFixed(1)} s)`);
  if (failed > 0 || ignored > 0 || aborted) say(output);
}

function say(line: string): void {
  Deno.stdout.writeSync(new TextEncoder().encode(`${line}\n`));
}
