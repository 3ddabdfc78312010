import { assertEquals, assertMatch, assertStringIncludes } from "@std/assert";
import { chatLoop } from "../../src/cli/chat_loop.ts";
import { SaveFolder } from "../../src/cli/saves_folder.ts";
import { Conversation } from "../../src/client/conversation.ts";
import { fakeClient } from "../client/fake_client.ts";

/** Types `lines`, and gives what was printed after each prompt. */
async function type(
  folder: string,
  lines: readonly string[],
  fake = fakeClient({ reply: (_, position) => ` at ${position}\n\n` }),
  initial = false,
): Promise<string[]> {
  let screen = "";
  await chatLoop(keys(lines), {
    begin: (save) => new Conversation(fake.client, {}, save),
    initial,
    saves: new SaveFolder(folder),
    write: (text) => screen += text,
    interrupt: () => new AbortController().signal,
  });
  return screen.split("> ").slice(1);
}

async function* keys(lines: readonly string[]): AsyncGenerator<string, void> {
  for (const line of lines) yield await Promise.resolve(line);
}

async function withFolder(work: (path: string) => Promise<void>) {
  const path = await Deno.makeTempDir();
  try {
    await work(path);
  } finally {
    await Deno.remove(path, { recursive: true });
  }
}

Deno.test("chatLoop answers, and carries the save on", async () => {
  await withFolder(async (folder) => {
    const [first, second] = await type(folder, ["Hi", "Hi", "/quit", "Hi"]);
    assertEquals(first, "at 0\n");
    assertMatch(second ?? "", /^at [1-9]\d*\n$/);
  });
});

Deno.test("chatLoop saves, lists, loads", async () => {
  await withFolder(async (folder) => {
    const screen = await type(folder, [
      "/saves",
      "/save a",
      "Hi",
      "/save a",
      "/saves",
      "Hi",
      "/load a",
      "Hi",
      "/load b",
    ]);
    assertEquals(screen[0], "Nothing is kept yet\n");
    assertEquals(screen[1], "Nothing has been said yet\n");
    assertMatch(screen[3] ?? "", /^Saved a \(\d+ bytes\)\n$/);
    assertMatch(screen[4] ?? "", /^a +just now +1 turn +\d+ B\n$/);
    assertEquals(screen[7], screen[5]);
    assertEquals(screen[8], "There is no save b\n");
  });
});

Deno.test("chatLoop keeps in mind that words came before its own", async () => {
  await withFolder(async (folder) => {
    const saves = new SaveFolder(folder);
    const fake = fakeClient();
    const found = async (name: string, lines: readonly string[]) => {
      await type(folder, [...lines, `/save ${name}`], fake);
      const { past = [], partial } = await saves.read(name) ?? {};
      return [past.length, partial];
    };
    assertEquals(await found("whole", ["Hi"]), [1, undefined]);
    const more = ["/load whole", "Hi", "/fork", "Ho"];
    assertEquals(await found("longer", more), [3, undefined]);
    // As merging leaves it.
    await saves.write("merged", (await saves.read("whole"))?.state ?? "");
    const other = ["/load merged", "Hi", "/fork", "Ho"];
    assertEquals(await found("more", other), [2, true]);
    assertEquals(await found("most", ["/load more", "Hi"]), [3, true]);
    await type(folder, ["Hi", "/save begun"], fake, true);
    assertEquals((await saves.read("begun"))?.partial, true);
  });
});

Deno.test("chatLoop asks before it writes over a save that is another's", async () => {
  await withFolder(async (folder) => {
    await type(folder, ["Hi", "/save a"]);
    const screen = await type(folder, [
      "Hi",
      "Hi",
      "/save a",
      "n",
      "/saves",
      "/save a",
      "y",
      "Hi",
      "/save a",
      "/saves",
    ]);
    const question = /^There is a save a already \(just now, 1 turn, \d+ B\)/;
    assertMatch(screen[2] ?? "", question);
    assertEquals(screen[3], "Nothing was saved\n");
    assertMatch(screen[4] ?? "", /1 turn /);
    assertMatch(screen[5] ?? "", question);
    assertMatch(screen[6] ?? "", /^Saved a/);
    // Where it was kept before, it may be kept again.
    assertMatch(screen[8] ?? "", /^Saved a/);
    assertMatch(screen[9] ?? "", /3 turns/);
  });
});

Deno.test("chatLoop shows how a loaded conversation ends, undone turns left out", async () => {
  await withFolder(async (folder) => {
    await type(folder, ["One", "Two", "/undo", "/save a"]);
    const [loaded] = await type(folder, ["/load a"]);
    assertEquals(loaded, "Loaded a, which ends:\n  One\n  at 0\n");
  });
});

Deno.test("chatLoop forks and goes back", async () => {
  await withFolder(async (folder) => {
    const [, , atTwo, , again, , , missing] = await type(folder, [
      "Hi",
      "/fork",
      "Hi",
      "/fork 1",
      "Hi",
      "/fork 2",
      "Hi",
      "/fork 9",
    ]);
    assertEquals(again, atTwo);
    assertEquals(missing, "There is no branch 9\n");
  });
});

Deno.test("chatLoop takes turns back until none is left", async () => {
  await withFolder(async (folder) => {
    const screen = await type(folder, ["Hi", "/undo", "Hi", "/undo", "/undo"]);
    assertEquals(screen[2], screen[0]);
    assertEquals(screen[3], "Took the last turn back\n");
    assertEquals(screen[4], "Nothing to take back\n");
  });
});

Deno.test("chatLoop lives on after an error", async () => {
  await withFolder(async (folder) => {
    const fake = fakeClient({
      keys: [{ name: "a", digest: "0".repeat(64) }],
    });
    const screen = await type(folder, ["Hi", "/load ../x", "/what"], fake);
    assertStringIncludes(screen[0] ?? "", "the bearer token is missing");
    assertStringIncludes(screen[1] ?? "", 'Cannot use "../x" as a name');
    assertStringIncludes(screen[2] ?? "", "There is no /what");
  });
});

Deno.test("SaveFolder.key is made once and for nobody else to read", async () => {
  await withFolder(async (folder) => {
    const path = `${folder}/new`;
    const key = await new SaveFolder(path).key();
    assertEquals(key.secret.length, 32);
    assertEquals(await new SaveFolder(path).key(), key);
    const { mode } = await Deno.stat(`${path}/key`);
    assertEquals((mode ?? 0) & 0o777, 0o600);
    assertEquals(await new SaveFolder(path).names(), []);
  });
});
