/**
 * Ctrl-C in a terminal: every process of the group hears it, and `deno task` hands
 * its own on, so that the program is told twice.
 *
 * @module
 */

import { assertEquals, assertMatch } from "@std/assert";
import { spawn } from "./command.ts";
import { lastOf, openEndless } from "./endless_answer.ts";

const WASM = { GOSLING_DEVICE: "wasm", GOSLING_THREADS: "1" };

for (const task of [["start"], ["replicas", "2"]]) {
  Deno.test(`deno task ${task.join(" ")} gives turns their saves at Ctrl-C`, async () => {
    const args = ["task", ...task, "--port=0"];
    const running = spawn(args, WASM, "", { detached: true });
    const [, url = ""] = await running.until(/listening on (http:\S+)/i);
    const events = await openEndless(url);
    // A negative number is a process group.
    Deno.kill(-running.pid, "SIGINT");
    const last = await lastOf(events);
    assertMatch(last, /"finish_reason":"cancelled".*"state":"ey/s);
    assertEquals((await running.ended()).code, 0);
  });
}
