/**
 * The published client in Node.js, Bun and Deno, in front of the program.
 *
 * @module
 */

import { assert, assertEquals } from "@std/assert";
import { serve, type Server } from "../clients/server.ts";
import { BUN } from "./guests.ts";

const CLIENT = new URL("../../src/web/dist/client.js", import.meta.url);
const GUEST = new URL("client_guest.mjs", import.meta.url).pathname;

const RUNTIMES: Readonly<Record<string, readonly string[]>> = {
  "Node.js": ["node"],
  Bun: [BUN],
  Deno: [Deno.execPath(), "run", "-A", "--no-config"],
};

let server: Server;

Deno.test.beforeAll(async () => {
  server = await serve();
});

Deno.test.afterAll(async () => await server[Symbol.asyncDispose]());

for (const [name, [program = "", ...args]] of Object.entries(RUNTIMES)) {
  Deno.test(`${name} talks to a server through the client`, async () => {
    const { code, stdout, stderr } = await new Deno.Command(program, {
      args: [...args, GUEST, CLIENT.href, `${new URL(server.baseURL).host}/v1`],
    }).output();
    const text = new TextDecoder();
    assertEquals([code, text.decode(stderr)], [0, ""]);
    const said = JSON.parse(text.decode(stdout));
    assert(said.dave.includes("Dave"), said.dave);
    assert(said.ann.includes("Ann"), said.ann);
    assertEquals([said.same, said.whole], [true, true]);
    assertEquals(said.refused, { status: 400, code: "ERR_STATE_UNREADABLE" });
  });
}
