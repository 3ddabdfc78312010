/**
 * What the keeper keeps when things go wrong: a next turn before the file is there, an
 * end between the answer and the file, a folder that cannot be written, files that are
 * damaged, other keepers, a bound. A history is read again rather than taken for another.
 *
 * @module
 */

import { assert, assertEquals } from "@std/assert";
import { fileURLToPath } from "node:url";
import { join } from "@std/path";
import { Keeper } from "../../src/cli/keeper/keeper_proxy.ts";
import {
  SaveStore,
  type SaveStoreOptions,
} from "../../src/cli/keeper/save_store.ts";
import { randomKey } from "../../src/state/state_keys.ts";
import { Vault } from "../../src/state/vault.ts";
import { promptText } from "../../src/text/prompt_pieces.ts";
import { type Harness, harness } from "../http/client.ts";
import { byteTokenizer, fakeEngine } from "../http/fake_engine.ts";

const ROOT = new URL("../../", import.meta.url);
const SERVER = "http://server";
const USER = (content: string) => ({ role: "user", content });
const SAID = { role: "assistant", content: "Hello!" };
const FIRST = [USER("a")];
const SECOND = [...FIRST, SAID, USER("b")];
const THIRD = [...SECOND, SAID, USER("c")];
const WHOLE = "User: a\n\nAssistant:";

async function server(): Promise<Harness> {
  const sealer = await Vault.create({
    keys: [randomKey()],
    format: fakeEngine().format,
    audience: "test",
  });
  return harness({ sealer });
}

/** What the model has read since the last call. */
function reader({ engine: { turns } }: Harness): () => string[] {
  let from = turns.length;
  return () => {
    const texts = turns.slice(from)
      .map(({ prompt }) => promptText(prompt, byteTokenizer));
    from = turns.length;
    return texts;
  };
}

/** A keeper with a store of its own on a folder. */
function keep(
  here: Harness,
  folder: string,
  { most = 1e9, ...options }: SaveStoreOptions & { most?: number } = {},
) {
  const notes: string[] = [];
  const note = (line: string) => void notes.push(line);
  const store = new SaveStore(folder, most, { note, believed: 0, ...options });
  const keeper = new Keeper({
    servers: [SERVER],
    store,
    fetch: (url, init) => here.fetch(new Request(url, init)),
  });
  const read = reader(here);
  return {
    store,
    notes,
    /** Asks; what the model read for it. */
    async ask(
      messages: readonly object[],
      stream = false,
    ): Promise<readonly string[]> {
      const response = await keeper.answer(
        new Request(`${SERVER}/v1/chat/completions`, {
          method: "POST",
          headers: { "content-type": "application/json" },
          body: JSON.stringify({ model: "fake", messages, stream }),
        }),
      );
      const text = await response.text();
      assertEquals(response.status, 200, text);
      return read();
    },
  };
}

async function inFolder(
  work: (folder: string) => Promise<void>,
): Promise<void> {
  const folder = await Deno.makeTempDir();
  try {
    await work(folder);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

async function files(folder: string): Promise<string[]> {
  return (await Array.fromAsync(Deno.readDir(folder))).map(({ name }) => name);
}

/** Makes a change of the folder one that is seen, however coarse its clock is. */
async function changed(folder: string, at: number): Promise<void> {
  await Deno.utime(folder, at, at);
}

for (const stream of [false, true]) {
  const how = stream ? "in streams" : "at once";
  Deno.test(`the next turn finds a save before its file is there, ${how}`, async () => {
    await inFolder(async (folder) => {
      const here = await server();
      const gate = Promise.withResolvers<void>();
      const { store, ask } = keep(here, folder, {
        async writeFile(...file): Promise<void> {
          await gate.promise;
          await Deno.writeFile(...file);
        },
      });
      assertEquals(await ask(FIRST, stream), [WHOLE]);
      assertEquals(await ask(SECOND, stream), ["User: b\n\nAssistant:"]);
      assertEquals(await files(folder), []);
      // Whoever starts anew now has the history read again, and nothing else.
      const anew = keep(here, folder);
      const [whole = "", ...more] = await anew.ask(THIRD, stream);
      assert(whole.startsWith("User: a") && whole.includes("User: c"), whole);
      assertEquals(more, []);
      gate.resolve();
      await Promise.all([store.flush(), anew.store.flush()]);
      const saves = await store.list();
      assertEquals(saves.map(({ turns }) => turns).sort(), [2, 4, 6]);
      const after = keep(here, folder);
      assertEquals(await after.ask(THIRD, stream), ["User: c\n\nAssistant:"]);
      await after.store.flush();
    });
  });
}

Deno.test("a folder that cannot be written costs no answer, and is tried again at the end", async () => {
  await inFolder(async (folder) => {
    const here = await server();
    let full = true;
    const { store, ask, notes } = keep(here, folder, {
      async writeFile(path, ...file): Promise<void> {
        await Deno.writeFile(path, ...file);
        if (full) throw new Error("No space left on device (os error 28)");
      },
    });
    assertEquals(await ask(FIRST), [WHOLE]);
    assertEquals(await ask(SECOND), ["User: b\n\nAssistant:"]);
    await store.flush();
    // The part of a file that was written has gone.
    assertEquals(await files(folder), []);
    assert(notes[0]?.startsWith("Cannot write a save"), notes[0]);
    assert(notes[0]?.includes("No space left"), notes[0]);
    assertEquals(await ask(THIRD), ["User: c\n\nAssistant:"]);
    full = false;
    await store.flush();
    assertEquals((await store.list()).length, 3);
  });
});

Deno.test("a folder that cannot be made, and is none, costs no answer", async () => {
  await inFolder(async (folder) => {
    const file = join(folder, "file");
    await Deno.writeTextFile(file, "not a folder");
    const { ask, notes, store } = keep(await server(), join(file, "kept"));
    assertEquals(await ask(FIRST), [WHOLE]);
    assertEquals(await ask(SECOND), ["User: b\n\nAssistant:"]);
    await store.flush();
    assert(notes.some((note) => note.includes("Cannot write a save")));
  });
});

Deno.test("a damaged file is no save, and goes", async () => {
  const damage: Readonly<Record<string, (path: string) => Promise<void>>> = {
    empty: (path) => Deno.truncate(path, 0),
    "without its token": (path) => Deno.truncate(path, 40),
    "cut within its token": async (path) =>
      await Deno.truncate(path, (await Deno.stat(path)).size - 1),
    "with zeros": async (path) =>
      await Deno.writeFile(path, new Uint8Array((await Deno.stat(path)).size)),
    "with another first line": (path) =>
      Deno.writeTextFile(path, '{"server": \n'),
  };
  const here = await server();
  for (const [how, apply] of Object.entries(damage)) {
    await inFolder(async (folder) => {
      const before = keep(here, folder);
      await before.ask(FIRST);
      await before.store.flush();
      const [name = ""] = await files(folder);
      await apply(join(folder, name));
      const { ask, store } = keep(here, folder);
      const [whole = ""] = await ask(SECOND);
      assert(whole.startsWith("User: a"), `${how}: ${whole}`);
      await store.flush();
      const left = await files(folder);
      assertEquals([how, left.length, left.includes(name)], [how, 1, false]);
    });
  }
});

Deno.test("keepers that share a folder go on from each other's saves", async () => {
  await inFolder(async (folder) => {
    const here = await server();
    const [one, two] = [keep(here, folder), keep(here, folder)];
    assertEquals(await one.ask(FIRST), [WHOLE]);
    await one.store.flush();
    assertEquals((await two.ask(SECOND)).slice(-1), ["User: b\n\nAssistant:"]);
    await two.store.flush();
    await changed(folder, 1e9);
    assertEquals((await one.ask(THIRD)).slice(-1), ["User: c\n\nAssistant:"]);
    await one.store.flush();
  });
});

Deno.test("a save that its user deletes is forgotten", async () => {
  await inFolder(async (folder) => {
    const { ask, store } = keep(await server(), folder);
    await ask(FIRST);
    await store.flush();
    for (const name of await files(folder)) {
      await Deno.remove(join(folder, name));
    }
    await changed(folder, 1e9);
    const [whole = ""] = await ask(SECOND);
    assert(whole.startsWith("User: a"), whole);
    await store.flush();
  });
});

Deno.test("a server with a new key is asked a few times, not once a save", async () => {
  await inFolder(async (folder) => {
    const before = keep(await server(), folder);
    const long: object[] = [];
    for (let turn = 0; turn < 8; turn++) {
      long.push(USER(`${turn}`));
      await before.ask(long);
      long.push(SAID);
    }
    await before.store.flush();
    const here = await server();
    let asked = 0;
    const keeper = new Keeper({
      servers: [SERVER],
      store: new SaveStore(folder, 1e9),
      fetch: (url, init) => (asked++, here.fetch(new Request(url, init))),
    });
    const response = await keeper.answer(
      new Request(`${SERVER}/v1/chat/completions`, {
        method: "POST",
        headers: { "content-type": "application/json" },
        body: JSON.stringify({
          model: "fake",
          messages: [...long, USER("now")],
        }),
      }),
    );
    await response.text();
    assertEquals([response.status, asked], [200, 4]);
  });
});

Deno.test("drafts that nobody finishes go, and the bound holds for what others wrote", async () => {
  await inFolder(async (folder) => {
    const here = await server();
    const name = "0".repeat(64);
    const draft = join(folder, `${name}.save.${crypto.randomUUID()}`);
    const fresh = join(folder, `${name}.save.${crypto.randomUUID()}`);
    const other = join(folder, `${name}.save`);
    for (const path of [draft, fresh, other]) {
      await Deno.writeFile(path, new Uint8Array(1e5));
    }
    const old = (Date.now() - 2 * 3_600_000) / 1000;
    await Deno.utime(draft, old, old);
    await Deno.utime(other, old, old);
    const { ask, store } = keep(here, folder, { most: 9e4 });
    await ask(FIRST);
    await store.flush();
    const left = await files(folder);
    assertEquals(
      [draft, fresh, other].map((path) =>
        left.some((name) => path.endsWith(name))
      ),
      [false, true, false],
    );
    assertEquals((await store.list()).length, 1);
  });
});

Deno.test("a keeper that is killed right after an answer leaves whole saves or none", async () => {
  await inFolder(async (folder) => {
    const here = await server();
    await using behind = Deno.serve(
      { hostname: "127.0.0.1", port: 0, onListen: () => {} },
      (request) => here.fetch(request),
    );
    const address = `http://127.0.0.1:${behind.addr.port}`;
    const process = new Deno.Command(Deno.execPath(), {
      args: [
        ...["run", "-qA", "--node-modules-dir=none"],
        "src/cli/keep_command.ts",
        ...["--server", address, "--port", "0", "--folder", folder, "--quiet"],
      ],
      cwd: fileURLToPath(ROOT),
      stdout: "piped",
      stderr: "null",
    }).spawn();
    const lines = process.stdout.pipeThrough(new TextDecoderStream())
      .getReader();
    let said = "";
    let url: string | undefined;
    while (url === undefined) {
      const { done, value } = await lines.read();
      assert(!done, said);
      said += value;
      [, url] = /Listening on (http:\S+)\n/.exec(said) ?? [];
    }
    const response = await fetch(`${url}/v1/chat/completions`, {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify({ model: "fake", messages: FIRST }),
    });
    assertEquals(response.status, 200, await response.text());
    process.kill("SIGKILL");
    await process.status;
    await lines.cancel();
    const { ask, store } = keep(here, folder);
    const kept = (await store.list()).length;
    assert(kept <= 1, `${kept}`);
    const [read = ""] = await ask(SECOND);
    assertEquals(read.startsWith("User: a"), kept === 0, read);
    await store.flush();
  });
});
