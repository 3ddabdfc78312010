/**
 * The client as others get it: the package in Node.js, and the module that a server
 * gives away.
 *
 * @module
 */

import { assert, assertEquals } from "@std/assert";
import deno from "../../deno.json" with { type: "json" };
import { buildClientPackage } from "../../tools/release.ts";
import { harness } from "../http/client.ts";

/** What a program of others' may write; one line is wrong. */
const PROGRAM = `
import { Client, Conversation, type ConversationTurn } from "@gosling/client";
const chat = new Conversation(new Client("localhost"), { model: "gosling" });
const { answer, finish, reasoning }: ConversationTurn = await chat.ask("Hi");
const said: string = answer + finish + (reasoning ?? "");
chat.keep(said);
await chat.ask(7);
`;

Deno.test("the package is the same each time, and has types", async () => {
  const { file, archive } = await buildClientPackage();
  assertEquals(file, `gosling-client-${deno.version}.tgz`);
  assertEquals((await buildClientPackage()).archive, archive);
  const folder = await Deno.makeTempDir();
  const home = `${folder}/node_modules/@gosling`;
  await Deno.mkdir(home, { recursive: true });
  await Deno.writeFile(`${folder}/client.tgz`, archive);
  await Deno.writeTextFile(`${folder}/package.json`, "{}");
  await Deno.writeTextFile(`${folder}/program.ts`, PROGRAM);
  const run = async (command: string, ...args: readonly string[]) => {
    const { stderr } = await new Deno.Command(command, {
      args: [...args],
      cwd: folder,
      env: { NO_COLOR: "1" },
    }).output();
    return new TextDecoder().decode(stderr);
  };
  assertEquals(await run("tar", "-xzf", "client.tgz"), "");
  await Deno.rename(`${folder}/package`, `${home}/client`);
  const manifest = JSON.parse(
    await Deno.readTextFile(`${home}/client/package.json`),
  );
  assertEquals([manifest.dependencies, manifest.type], [undefined, "module"]);
  for (const path of [manifest.types, manifest.exports["."].default]) {
    await Deno.stat(`${home}/client/${path}`);
  }
  const complaints = await run(Deno.execPath(), "check", "program.ts");
  assertEquals(complaints.match(/TS\d+/g), ["TS2345"], complaints);
  await Deno.remove(folder, { recursive: true });
});

Deno.test("a server gives the client away, with its types", async () => {
  const { get } = harness();
  const module = await get("/client.js");
  assertEquals(
    module.headers.get("content-type"),
    "text/javascript; charset=utf-8",
  );
  assertEquals(module.headers.get("access-control-allow-origin"), "*");
  const types = new URL(
    module.headers.get("x-typescript-types") ?? "",
    "http://fake/client.js",
  );
  const { Client, Conversation, parseServerUrl } = await import(
    `data:text/javascript,${encodeURIComponent(await module.text())}`
  );
  assertEquals(parseServerUrl("localhost"), "http://localhost");
  const declared = await (await get(types.pathname)).text();
  for (const [name, value] of Object.entries({ Client, Conversation })) {
    assert(typeof value === "function", name);
    assert(declared.includes(`export declare class ${name} {`), name);
  }
});
