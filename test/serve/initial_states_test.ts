import { assert, assertEquals, assertRejects } from "@std/assert";
import { formatSaveFile } from "../../src/client/save_file.ts";
import { readInitialStates } from "../../src/serve/initial_states.ts";
import type { Save } from "../../src/state/save.ts";
import { Vault } from "../../src/state/vault.ts";
import {
  exportState,
  STATE_LAYOUTS,
} from "../../src/state/foreign/convert_state.ts";
import { exampleFormat, exampleKey, exampleSave } from "../state/support.ts";

const ranks = { w: 8, a: 8, v: 0, g: 8 };
const shape = { L: 1, D: 64, H: 1, F: 256, V: 65536, ranks };
const FIXTURES = new URL("../fixtures/saves/", import.meta.url);
const FOREIGN = new URL("foreign/", FIXTURES);

const vault = await Vault.create({
  keys: [exampleKey("a")],
  format: exampleFormat(),
  audience: "test",
  portable: true,
});

const options = {
  format: exampleFormat(),
  shape,
  vault,
  tenants: ["", "ada"],
};

/** Reads one file of these bytes. */
async function read(
  bytes: Uint8Array | string,
  layout?: typeof STATE_LAYOUTS[number],
): Promise<Save | undefined> {
  const path = await Deno.makeTempFile();
  await Deno.writeFile(
    path,
    typeof bytes === "string" ? new TextEncoder().encode(bytes) : bytes,
  );
  const file = { name: "polite", path, ...(layout && { layout }) };
  try {
    return (await readInitialStates([file], options)).get("polite");
  } finally {
    await Deno.remove(path);
  }
}

for (const profile of ["sealed", "portable"] as const) {
  Deno.test(`readInitialStates() reads a ${profile} save, text or bytes, of any tenant`, async () => {
    for (const tenant of ["", "ada"]) {
      const seal = { codec: "exact", profile, tenant } as const;
      const { token: text } = await vault.seal(exampleSave(), seal);
      const { token: bytes } = await vault.sealBytes(exampleSave(), seal);
      // As the page and the commands write it.
      const file = { name: "a", turn: {}, past: [], state: text };
      for (const token of [text, `${text}\n`, bytes, formatSaveFile(file)]) {
        const save = await read(token);
        assertEquals(save?.values, exampleSave().values);
        assertEquals(save?.unread, exampleSave().unread);
      }
    }
  });
}

for (const layout of STATE_LAYOUTS) {
  Deno.test(`readInitialStates() reads a file of ${layout}`, async () => {
    const bytes = exportState(exampleSave(), layout, shape);
    const says = ["llama.cpp", "rwkv", "time-state"].includes(layout);
    const save = await (says ? read(bytes) : read(bytes, layout));
    assert(save !== undefined);
    assertEquals(save.unread, []);
    const back = exportState(save, layout, shape);
    assertEquals(back, exportState(exampleSave(), layout, shape));
  });
}

Deno.test("readInitialStates() reads a state-tuned file that PyTorch wrote", async () => {
  const path = new URL("time-state.pth", FOREIGN).pathname;
  const files = [{ name: "tuned", path }];
  const saves = await readInitialStates(files, {
    ...options,
    shape: { ...shape, L: 2 },
  });
  const { values } = saves.get("tuned") ?? exampleSave();
  assertEquals(values.length, 2 * 64 * 66);
  assertEquals(values.subarray(0, 64).some((value) => value !== 0), false);
  assert(values.some((value) => value !== 0));
});

Deno.test("readInitialStates() names the file that it cannot use, and why", async () => {
  const { token } = await vault.seal(exampleSave(), { codec: "int8" });
  const pth = await Deno.readFile(new URL("time-state.pth", FOREIGN));
  const other = await Vault.create({
    keys: [exampleKey("a")],
    format: { ...exampleFormat(), fingerprint: new Uint8Array(32) },
    audience: "test",
  });
  const { token: foreign } = await other.seal(exampleSave(), { codec: "int8" });
  const cases: [string | Uint8Array, RegExp][] = [
    ["", /its 0 bytes begin/],
    ["hello", /it has 1 part,/],
    ['{"format":"other"}', /it is not a Gosling save$/],
    [new Uint8Array(900), /neither GOSLSEAL nor GOSLING; a token is/],
    [`${token.slice(0, -2)}AA`, /it was not sealed here for this caller/],
    [foreign, /its fingerprint is 0{64}/],
    [pth, /it has 2 tensors, expected 1$/],
  ];
  for (const [bytes, message] of cases) {
    await assertRejects(() => read(bytes), (error) => {
      assert(error instanceof Error);
      assertEquals(error.name, "ConfigError");
      const start = /^Cannot begin with polite from \S+: (.*)$/;
      const [, reason = error.message] = start.exec(error.message) ?? [];
      return message.test(reason);
    });
  }
  await assertRejects(
    () => readInitialStates([{ name: "x", path: "/no/such" }], options),
    { message: "Cannot begin with x from /no/such: there is no such file" },
  );
  await assertRejects(() => read(new Uint8Array(8), "web-rwkv"), {
    name: "ConfigError",
  });
});

Deno.test("readInitialStates() leaves out what is for another model, and nothing else", async () => {
  const folder = await Deno.makeTempDir();
  const sealedBy = async (key: string, fingerprint = exampleFormat()) => {
    const { token } = await (await Vault.create({
      keys: [exampleKey(key)],
      format: fingerprint,
      audience: "test",
    })).seal(exampleSave(), { codec: "int8" });
    return token;
  };
  const readOf = async (content: string, layout?: "web-rwkv") => {
    const path = `${folder}/a`;
    await Deno.writeTextFile(path, content);
    const file = { name: "a", path, ...(layout && { layout }) };
    return await readInitialStates([file], { ...options, several: true });
  };
  const another = { ...exampleFormat(), fingerprint: new Uint8Array(32) };
  assertEquals((await readOf(await sealedBy("a", another))).size, 0);
  assertEquals((await readOf("12345678", "web-rwkv")).size, 0);
  const own = await sealedBy("a");
  assertEquals((await readOf(own)).size, 1);
  // A server that began without them would tell nobody why.
  await assertRejects(
    async () => await readOf(await sealedBy("b")),
    /it was not sealed here/,
  );
  await assertRejects(
    () => readOf(own.slice(0, -9)),
    /part 5 has 13 characters/,
  );
  await Deno.remove(folder, { recursive: true });
});
