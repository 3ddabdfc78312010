/**
 * Cold start: from the start of the process to the first token of an answer, with
 * the embedded model and dependencies in Deno's cache.
 *
 * @module
 */

import { median } from "./speed.ts";

/** Medians over the starts, milliseconds since the process was started. */
export interface Startup {
  /** The server prints its address. */
  readonly listeningMs: number;
  /** The first text of an answer arrives over HTTP. */
  readonly firstTokenMs: number;
  /** Starts. */
  readonly runs: number;
}

/** Starts `main.ts` several times, each in a new process, on a free port. */
export async function measureStartup(runs: number): Promise<Startup> {
  const starts = [];
  for (let run = 0; run < runs; run++) starts.push(await start());
  return {
    listeningMs: median(starts.map(([listening]) => listening)),
    firstTokenMs: median(starts.map(([, first]) => first)),
    runs,
  };
}

async function start(): Promise<[listening: number, firstToken: number]> {
  const port = freePort();
  const started = performance.now();
  const server = new Deno.Command(Deno.execPath(), {
    args: ["run", "-P=serve", "main.ts", "start", "--port", `${port}`],
    cwd: new URL("..", import.meta.url),
    stdout: "piped",
    stderr: "null",
  }).spawn();
  let printed = "";
  for await (const chunk of server.stdout.values({ preventCancel: true })) {
    printed += new TextDecoder().decode(chunk);
    if (printed.includes("Listening")) break;
  }
  const listening = performance.now() - started;
  const response = await fetch(`http://127.0.0.1:${port}/v1/generate`, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify({
      messages: [{ role: "user", content: "Hello!" }],
      stream: true,
    }),
  });
  const body = response.body;
  if (!response.ok || body === null) {
    throw new Error(`Cannot measure the start: status ${response.status}`);
  }
  let firstToken = Infinity;
  for await (const chunk of body) {
    if (new TextDecoder().decode(chunk).includes('"text"')) {
      firstToken = Math.min(firstToken, performance.now() - started);
    }
  }
  server.kill("SIGTERM");
  await server.stdout.cancel();
  await server.status;
  return [listening, firstToken];
}

function freePort(): number {
  using listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  return listener.addr.port;
}
