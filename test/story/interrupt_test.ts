/**
 * Ctrl-C in a terminal: every process of the group hears it, and `deno task` hands
 * its own on, so that the program is told twice.
 *
 * @module
 */

import { assertEquals, assertMatch } from "@std/assert";
import { spawn } from "./command.ts";

const WASM = { GOSLING_DEVICE: "wasm", GOSLING_THREADS: "1" };

for (const task of [["start"], ["replicas", "2"]]) {
  Deno.test(`deno task ${task.join(" ")} gives turns their saves at Ctrl-C`, async () => {
    const args = ["task", ...task, "--port=0"];
    const running = spawn(args, WASM, "", { detached: true });
    const [, url = ""] = await running.until(/listening on (http:\S+)/i);
    const answer = await fetch(`${url}/v1/generate`, {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify({
        prompt: "User:",
        max_tokens: 60_000,
        logit_bias: { "0": -100 },
        stream: true,
      }),
    });
    const text = answer.body?.pipeThrough(new TextDecoderStream()).getReader();
    await text?.read();
    // A negative number is a process group.
    Deno.kill(-running.pid, "SIGINT");
    let last = "";
    for (;;) {
      const { done, value } = await text?.read() ?? { done: true };
      if (done) break;
      last = (last + value).slice(-1_000_000);
    }
    assertMatch(last, /"finish_reason":"cancelled".*"state":"ey/s);
    assertEquals((await running.ended()).code, 0);
  });
}
