/**
 * Floods of HTTP/2 frames at the proxies of `deploy/`, and at Deno itself: none takes
 * memory with it or keeps others from their answers, and no header that never ends
 * becomes a request.
 *
 * @module
 */

import { assert, assertEquals } from "@std/assert";
import { startHaproxy } from "./haproxy.ts";
import { flood, FLOODS } from "./http2.ts";
import { freePort, startNginx } from "./nginx.ts";

/** Bytes of a flood: what a socket holds and nobody has read among them. */
const MOST = 2 ** 21;

/** Bytes that a process may be larger after a flood. */
const GROWTH = 48 * 2 ** 20;

/** A server that can be flooded. */
interface Flooded {
  readonly port: number;
  readonly url: string;
  /** Bytes that it holds. */
  resident(): Promise<number>;
}

/** Sends every flood, and asks for an answer after each. */
async function floodAll(
  { port, url, resident }: Flooded,
  asked: () => number,
): Promise<void> {
  for (const name of Object.keys(FLOODS)) {
    const [before, seen] = [await resident(), asked()];
    const { bytes } = await flood(port, name, MOST);
    assert(bytes > 0, name);
    if (name.startsWith("continuations")) assertEquals(asked(), seen, name);
    const grown = await resident() - before;
    assert(grown < GROWTH, `${name}: ${grown} bytes more`);
    // HAProxy has lost sight of its replicas for a moment after some.
    while (!await isWell(url)) await new Promise((go) => setTimeout(go, 50));
  }
}

async function isWell(url: string): Promise<boolean> {
  const { ok, body } = await fetch(`${url}/v1/model`);
  await body?.cancel();
  return ok;
}

/** A server that counts what `/v1/model` and others are asked, not its checks. */
function listen() {
  let asked = 0;
  const server = Deno.serve(
    { port: 0, hostname: "127.0.0.1", onListen: () => {} },
    (request) => {
      // HAProxy's checks have no agent, and the flood asks for the same.
      if (request.headers.get("host") === "localhost") asked++;
      return new Response("well");
    },
  );
  return { server, port: server.addr.port, asked: () => asked };
}

/** Resident bytes of a process and all below it. */
async function residentOf(pid: number): Promise<number> {
  const status = await Deno.readTextFile(`/proc/${pid}/status`);
  const [, kib = "0"] = /VmRSS:\s*(\d+)/.exec(status) ?? [];
  const children = await Deno.readTextFile(
    `/proc/${pid}/task/${pid}/children`,
  );
  const below = children.trim().split(" ").filter((word) => word !== "");
  const sizes = await Promise.all(below.map((child) => residentOf(+child)));
  return 1024 * Number(kib) + sizes.reduce((sum, size) => sum + size, 0);
}

Deno.test("HAProxy stands floods of HTTP/2 frames", async () => {
  const { server, port, asked } = listen();
  const there = `127.0.0.1:${port}`;
  {
    await using proxy = await startHaproxy([there, there, there]);
    const resident = () => residentOf(proxy.pid);
    const { url } = proxy;
    await floodAll({ port: Number(new URL(url).port), url, resident }, asked);
  }
  await server.shutdown();
});

Deno.test("nginx stands floods of HTTP/2 frames, where it is given a port for them", async () => {
  const { server, port, asked } = listen();
  const there = `127.0.0.1:${port}`, second = freePort();
  {
    await using proxy = await startNginx([there, there, there], second);
    const resident = () => residentOf(proxy.pid);
    await floodAll({ port: second, url: proxy.url, resident }, asked);
  }
  await server.shutdown();
});

Deno.test("Deno stands floods of HTTP/2 frames", async () => {
  const { server, port, asked } = listen();
  const resident = () => Promise.resolve(Deno.memoryUsage().rss);
  await floodAll({ port, url: `http://127.0.0.1:${port}`, resident }, asked);
  await server.shutdown();
});
