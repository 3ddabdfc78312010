/**
 * Processes that start servers and are killed: the servers end every turn with its
 * save, and stop.
 *
 * @module
 */

import { assertEquals, assertMatch } from "@std/assert";
import { eventsOf } from "../http/client.ts";
import { until } from "../support/until.ts";
import { type Running, spawn } from "./command.ts";
import { lastOf, openEndless } from "./endless_answer.ts";

const WASM = { GOSLING_DEVICE: "wasm", GOSLING_THREADS: "1" };

/** How each is started, and where it says what its server's address is. */
const STARTERS: Readonly<
  Record<string, { readonly args: readonly string[]; readonly says: RegExp }>
> = {
  start: {
    args: ["run", "-P=launch", "src/cli/start_command.ts", "--port=0"],
    says: /Listening on (http:\S+)/,
  },
  replicas: {
    args: ["run", "-P=launch", "src/serve/replicas.ts", "2", "--port=0"],
    says: /listening on (http:\S+)/,
  },
  keep: {
    args: [
      ...["run", "-qA", "--node-modules-dir=none", "src/cli/keep_command.ts"],
      ...["--port=0", "--folder"],
    ],
    says: /Keeps the saves of (http:\S+) [^]*Listening on/,
  },
};

for (const [name, { args, says }] of Object.entries(STARTERS)) {
  Deno.test(`a server ends with its turns when deno task ${name}, which started it, is killed`, async () => {
    const folder = await Deno.makeTempDir();
    const starter = spawn(name === "keep" ? [...args, folder] : args, WASM);
    const [, url = ""] = await starter.until(says);
    const events = await openEndless(url);
    starter.signal("SIGKILL");
    const last = eventsOf(await lastOf(events)).at(-1);
    const { finish_reason, state } = last as Record<string, string>;
    assertEquals(finish_reason, "cancelled");
    assertMatch(state, /^eyJ/);
    await until("nobody listens", () => refuses(url));
    assertMatch(await lastWords(starter), /started this server has ended/);
    await Deno.remove(folder, { recursive: true });
  });
}

async function refuses(url: string): Promise<boolean> {
  try {
    await (await fetch(`${url}/healthz`)).body?.cancel();
    return false;
  } catch {
    return true;
  }
}

/** What its servers said too: they have its streams, until they end. */
async function lastWords(starter: Running): Promise<string> {
  const { code, stderr } = await starter.ended();
  assertEquals(code, 137);
  return stderr;
}
