/**
 * The same save goes on in Node.js, Bun, Deno and workerd, with the same words and
 * the same bits as on the server.
 *
 * @module
 */

import { assertEquals, assertRejects } from "@std/assert";
import { serve } from "../clients/server.ts";
import {
  buildPackage,
  BUN,
  type Guest,
  startEdge,
  startGuest,
} from "./guests.ts";

const folder = await buildPackage();

const RUNTIMES: Readonly<Record<string, () => Guest | Promise<Guest>>> = {
  "Node.js": () => startGuest("node", [], folder),
  Bun: () => startGuest(BUN, [], folder),
  Deno: () => startGuest(Deno.execPath(), ["run", "-A", "--no-config"], folder),
  workerd: () => startEdge(folder),
};

const TOLD = "My name is Dave", ASKED = "What is my name?";
const CORRECTED = "Actually, my name is Bob";

for (const [name, start] of Object.entries(RUNTIMES)) {
  Deno.test(`${name} goes on from a server's save, and the server from its`, async () => {
    await using server = await serve({ GOSLING_PORTABLE: "yes" });
    const ask = async (
      content: string,
      save?: Uint8Array,
      codec = "int8",
    ) => {
      const response = await fetch(`${server.baseURL}/generate`, {
        method: "POST",
        headers: { "content-type": "application/json" },
        body: JSON.stringify({
          messages: [{ role: "user", content }],
          temperature: 0,
          seed: 1,
          state_profile: "portable",
          state_codec: codec,
          ...(save && { state: tokenOf(save) }),
        }),
      });
      const { text, state } = await response.json();
      return { text, save: bytesOf(state) };
    };
    const told = await ask(TOLD);
    await using guest = await start();

    const here = await ask(ASKED, told.save);
    const there = await guest.say(ASKED, told.save);
    assertEquals(there.text, here.text);
    assertEquals(unsigned(there.save), unsigned(here.save));

    const corrected = await guest.say(CORRECTED, there.save);
    assertEquals((await ask(ASKED, corrected.save)).text, "Your name is Bob.");
    const first = await guest.say(TOLD);
    assertEquals(unsigned(first.save), unsigned(told.save));
    for (
      const codec of name === "workerd" ? [] : ["f16", "int10", "int6", "int4"]
    ) {
      const mine = await guest.say(TOLD, undefined, codec);
      const its = await ask(TOLD, undefined, codec);
      assertEquals(unsigned(mine.save), unsigned(its.save), codec);
    }
    const exact = await ask(TOLD, undefined, "exact");
    assertEquals((await guest.say(ASKED, exact.save)).text, here.text);

    await assertRejects(
      () => guest.say(ASKED, Uint8Array.of(1, 2, 3)),
      { message: /no portable save/ },
    );
  });
}

for (const codec of ["exact", "f16", "int10", "int6", "int4"]) {
  Deno.test(`Node.js and Deno read each other's ${codec} saves`, async () => {
    await using node = startGuest("node", [], folder);
    await using deno = startGuest(
      Deno.execPath(),
      ["run", "-A", "--no-config"],
      folder,
    );
    const told = await node.say(TOLD, undefined, codec);
    const same = await deno.say(TOLD, undefined, codec);
    assertEquals(unsigned(told.save), unsigned(same.save));
    const asked = await deno.say(ASKED, told.save, codec);
    assertEquals(asked.text, "Your name is Dave.");
  });
}

const PREFIX = "gosling-portable.";

function tokenOf(save: Uint8Array): string {
  return PREFIX + save.toBase64({ alphabet: "base64url", omitPadding: true });
}

function bytesOf(token: string): Uint8Array<ArrayBuffer> {
  return Uint8Array.fromBase64(token.slice(PREFIX.length), {
    alphabet: "base64url",
  });
}

/** A save without its checksum and who wrote it: what two runtimes have in common. */
function unsigned(save: Uint8Array): Readonly<Record<string, unknown>> {
  const view = new DataView(save.buffer, save.byteOffset);
  const [unread, counts] = [
    view.getUint32(104, true),
    view.getUint32(108, true),
  ];
  const [utf8, engine, device] = [112, 113, 114].map((at) => view.getUint8(at));
  const notes = 128 + 4 * unread + 8 * counts + utf8;
  const values = Math.ceil((notes + engine + device) / 4) * 4;
  return {
    head: save.slice(8, 20).toHex(),
    position: view.getUint32(24, true),
    chain: save.slice(32, 104).toHex(),
    tail: save.slice(128, notes).toHex(),
    values: save.slice(values, values + view.getUint32(116, true)).toHex(),
  };
}
