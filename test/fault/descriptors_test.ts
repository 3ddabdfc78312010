import { assertEquals, assertMatch } from "@std/assert";
import { serverArguments } from "../../src/serve/server_process.ts";
import { TEST_DEVICE } from "../support/test_device.ts";
import { freePort } from "./raw.ts";

/** Descriptors of the server: some 40 are its own. */
const LIMIT = 96;

Deno.test({
  name: "a server without descriptors refuses, says so, and goes on " +
    "(ignored on Windows, which has no such limit)",
  ignore: Deno.build.os === "windows",
  async fn() {
    const port = freePort();
    const args = serverArguments(
      { port: String(port), device: TEST_DEVICE, threads: "1" },
      () => undefined,
    );
    const child = new Deno.Command("sh", {
      args: ["-c", `ulimit -n ${LIMIT}; exec "$0" "$@"`, Deno.execPath()]
        .concat(args),
      env: { NO_COLOR: "1" },
      stdout: "piped",
      stderr: "piped",
    }).spawn();
    let printed = "";
    const { promise: listening, resolve, reject } = Promise.withResolvers<
      void
    >();
    const read = async (stream: ReadableStream<Uint8Array>) => {
      for await (const text of stream.pipeThrough(new TextDecoderStream())) {
        printed += text;
        if (printed.includes("Listening on")) resolve();
      }
    };
    const ended = Promise.all([
      child.status,
      read(child.stdout),
      read(child.stderr),
    ]).then(([status]) => {
      reject(new Error(`The server ended: ${printed}`));
      return status;
    });
    const url = `http://127.0.0.1:${port}`;
    const idle: Deno.TcpConn[] = [];
    try {
      await listening;
      // Begun before: it has its end.
      const turn = await fetch(`${url}/v1/generate`, {
        method: "POST",
        headers: { "content-type": "application/json" },
        body: JSON.stringify({ prompt: "User:", max_tokens: 64, stream: true }),
      });
      let refused = false;
      for (let i = 0; i < 3 * LIMIT && !refused; i++) {
        try {
          idle.push(await Deno.connect({ hostname: "127.0.0.1", port }));
        } catch {
          refused = true;
        }
        refused ||= printed.includes("Cannot take connections");
      }
      // A server that is at work takes a while to take them in.
      while (!printed.includes("Cannot take connections")) {
        await new Promise((resolve) => setTimeout(resolve, 50));
      }
      assertMatch(await turn.text(), /"type":"done"/);
      for (const connection of idle.splice(0)) connection.close();
      while (!await isWell(url)) {
        await new Promise((resolve) => setTimeout(resolve, 50));
      }
      assertMatch(printed, /^Cannot take connections: .*open files.*ulimit/m);
      child.kill("SIGTERM");
      assertEquals((await ended).code, 0, printed);
    } finally {
      for (const connection of idle) connection.close();
      kill(child);
      await ended.catch(() => {});
    }
  },
});

function kill(child: Deno.ChildProcess): void {
  try {
    child.kill("SIGKILL");
  } catch (error) {
    if (!(error instanceof TypeError)) throw error; // it has ended already
  }
}

async function isWell(url: string): Promise<boolean> {
  try {
    const response = await fetch(`${url}/healthz`);
    await response.body?.cancel();
    return response.ok;
  } catch {
    return false;
  }
}
