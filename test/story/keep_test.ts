/**
 * `deno task keep` as a process that starts a server of its own: what it kept is gone
 * on from after both have ended and been started again.
 *
 * @module
 */

import { assert, assertEquals } from "@std/assert";
import { Raw } from "../fault/raw.ts";
import { until } from "../support/until.ts";

const ROOT = new URL("../../", import.meta.url);

function command(...args: readonly string[]): Deno.Command {
  return new Deno.Command(Deno.execPath(), {
    args: [
      "run",
      "-qA",
      "--node-modules-dir=none",
      "src/cli/keep_command.ts",
      ...args,
    ],
    cwd: ROOT,
    env: { GOSLING_DEVICE: "wasm", GOSLING_THREADS: "1", NO_COLOR: "1" },
    stdout: "piped",
    stderr: "piped",
  });
}

/** A keeper that is listening. */
interface Running extends AsyncDisposable {
  readonly port: number;
  ask(...messages: readonly (readonly [string, string])[]): Promise<{
    readonly text: string;
    readonly cached: number;
  }>;
}

async function start(folder: string): Promise<Running> {
  const process = command("--port", "0", "--folder", folder).spawn();
  const complaints = new Response(process.stderr).text();
  const lines = process.stdout.pipeThrough(new TextDecoderStream()).getReader();
  let said = "";
  let url: string | undefined;
  while (url === undefined) {
    const { done, value } = await lines.read();
    if (done) throw new Error(`Cannot start: ${said}${await complaints}`);
    said += value;
    [, url] = /Listening on (http:\S+)\n/.exec(said) ?? [];
  }
  return {
    port: Number(new URL(url).port),
    async ask(...messages) {
      const response = await fetch(`${url}/v1/chat/completions`, {
        method: "POST",
        headers: { "content-type": "application/json" },
        body: JSON.stringify({
          temperature: 0,
          messages: messages.map(([role, content]) => ({ role, content })),
        }),
      });
      const { choices: [{ message }], usage, state } = await response.json();
      assertEquals(state, undefined);
      return {
        text: message.content,
        cached: usage.prompt_tokens_details.cached_tokens,
      };
    },
    async [Symbol.asyncDispose](): Promise<void> {
      process.kill("SIGTERM");
      await lines.cancel();
      const { code } = await process.status;
      assertEquals([code, await complaints], [0, await complaints]);
    },
  };
}

Deno.test("deno task keep goes on from what it kept before it was started", async () => {
  const folder = await Deno.makeTempDir();
  const told = ["user", "My name is Dave."] as const;
  const asked = ["user", "What is my name?"] as const;
  let answer: string;
  {
    await using keeper = await start(folder);
    const first = await keeper.ask(told);
    assertEquals(first.cached, 0);
    answer = first.text;
  }
  {
    await using keeper = await start(folder);
    const second = await keeper.ask(told, ["assistant", answer], asked);
    assert(second.cached > 0 && second.text.includes("Dave"), second.text);
  }
  const listed = await command("--list", "--folder", folder).output();
  const lines = new TextDecoder().decode(listed.stdout).trimEnd().split("\n");
  assertEquals(lines.length, 3);
  assert(lines[0]?.includes("What is my name?"), lines[0]);
  assert(lines[2]?.startsWith("2 saves, "), lines[2]);
  await Deno.remove(folder, { recursive: true });
});

Deno.test("deno task keep waits for no client that sends half a request when it is told to end", async () => {
  const folder = await Deno.makeTempDir();
  const keeper = await start(folder);
  using client = await Raw.open(keeper.port);
  await client.write(
    "POST /v1/chat/completions HTTP/1.1\r\nHost: 127.0.0.1\r\n" +
      "Content-Type: application/json\r\nContent-Length: 99\r\n\r\n{",
  );
  // Its request has come, for an answer to a later one has.
  await keeper.ask(["user", "Hello!"]);
  await keeper[Symbol.asyncDispose]();
  await Deno.remove(folder, { recursive: true });
});

Deno.test("deno task keep refuses what it cannot do", async () => {
  for (
    const [args, found] of [
      [["--size", "much"], "--size"],
      [["--port", "65536"], "--port"],
      [["--host", "a b"], "--host"],
      [["--server", "ftp://a"], "--server"],
      [["--server", "a", "--model", "b"], "--model"],
      [["somewhere"], "name servers with --server"],
    ] as const
  ) {
    const { code, stderr } = await command(...args).output();
    const said = new TextDecoder().decode(stderr);
    assertEquals(code, 1);
    assert(said.startsWith("Cannot ") && said.includes(found), said);
  }
});

Deno.test("deno task keep ends the server that it started where it cannot listen", async () => {
  const folder = await Deno.makeTempDir();
  const taken = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const process = command(
    ...["--port", `${taken.addr.port}`, "--folder", folder],
  ).spawn();
  // The server has this stream too, and ends it when it ends.
  let said: string | undefined;
  void new Response(process.stderr).text().then((text) => said = text);
  await process.stdout.cancel();
  assertEquals((await process.status).code, 1);
  await until("the server ends", () => said !== undefined);
  assert(said?.startsWith("Cannot listen on 127.0.0.1:"), said);
  taken.close();
  await Deno.remove(folder, { recursive: true });
});
