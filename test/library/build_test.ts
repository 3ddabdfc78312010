import { assert, assertEquals, assertMatch } from "@std/assert";
import { bytesSource } from "../../src/model/byte_source.ts";
import { compress, decompress } from "../../src/library/zstd_without_zlib.ts";
import * as server from "../../src/state/compress.ts";
import { bareShader, buildLibrary, endBundler } from "../../tools/library.ts";
import { assertThrows } from "../support/assert.ts";
import { random } from "../support/random.ts";

Deno.test.afterAll(endBundler);

Deno.test("the package is one file of at most 250 kB, without dependencies", async () => {
  const files = await buildLibrary();
  const text = (name: string) => new TextDecoder().decode(files.get(name));
  for (const name of ["engine.js", "engine.edge.js"]) {
    const size = files.get(name)?.length ?? Infinity;
    assert(size <= 250_000, `${name} has ${size} bytes`);
  }
  assert((files.get("templates.js")?.length ?? Infinity) <= 60_000);
  assertMatch(text("templates.d.ts"), /export declare const jinja/);
  // Workers are started by their file's name in the package.
  assertMatch(text("engine.js"), /"\.\/thread\.js"/);
  assertEquals(text("engine.js").includes("./worker.ts"), false);
  const imports = /^\s*import\b[^(]*?from\s*"([^"]+)"/gm;
  assertEquals([...text("engine.js").matchAll(imports)], []);
  const modules = Array.from(
    text("engine.edge.js").matchAll(/from"(\.[^"]+)"/g),
    ([, path]) => path,
  );
  assertEquals(modules.toSorted(), ["./codec.wasm", "./kernels.wasm"]);
  assert(!/\bDeno\b|node:|process\./.test(text("engine.js")));
  assert(/export declare function open/.test(text("engine.d.ts")));
  const manifest = JSON.parse(text("package.json"));
  assertEquals(manifest.dependencies, undefined);
  assertEquals([...text("templates.js").matchAll(imports)], []);
  const { ".": main, "./templates": templates } = manifest.exports;
  for (const path of Object.values({ ...main, ...templates })) {
    assert(files.has(String(path).slice(2)), `${path} is missing`);
  }
});

Deno.test("compressors of the server and of the package read each other", () => {
  const next = random(5);
  for (const length of [1, 255, 131_072, 131_073, 400_000]) {
    for (
      const bytes of [
        Uint8Array.from({ length }, () => Math.floor(256 * next() ** 4)),
        new Uint8Array(length).fill(7),
      ]
    ) {
      const here = compress(bytes), there = server.compress(bytes);
      assertEquals(server.decompress(here, length), bytes);
      assertEquals(decompress(there, length), bytes);
      assertEquals(decompress(here, length), bytes);
    }
  }
});

Deno.test("decompress() stops where more comes out, or asks for too much memory", () => {
  const zeros = server.compress(new Uint8Array(1 << 24));
  const refuse = (bytes: Uint8Array, length: number) =>
    assertThrows(() => decompress(bytes, length), {
      code: "ERR_STATE_UNREADABLE",
    });
  refuse(zeros, 1000);
  refuse(zeros.subarray(0, 12), 1 << 24);
  refuse(new Uint8Array(20), 20);
  // A frame with a window of 2 GiB.
  refuse(Uint8Array.of(0x28, 0xb5, 0x2f, 0xfd, 0, 21 << 3, 1, 0, 0), 100);
});

Deno.test("bytesSource() rejects a range that is not there", async () => {
  const source = bytesSource("three", Uint8Array.of(1, 2, 3));
  assertEquals(await source.read(1, 2), Uint8Array.of(2, 3));
  let code: unknown;
  await source.read(2, 2).catch((error) => code = error.code);
  assertEquals(code, "ERR_MODEL_CORRUPT");
});

/** Tokens of WGSL, the longest first. */
const WGSL_TOKENS =
  /[A-Za-z_]\w*|(?:0[xX][\da-fA-F]+|\d*\.?\d+(?:[eE][-+]?\d+)?\.?)[iufh]?|<<=|>>=|--|\+\+|&&|\|\||[-+*/%&|^<>=!]=|<<|>>|->|\S/g;

Deno.test("shaders of the package have the tokens of their files", async () => {
  const folder = new URL("../../shaders/", import.meta.url);
  const tokens = (text: string) =>
    text.replaceAll(/\/\/.*$/gm, "").match(WGSL_TOKENS);
  for await (const { name } of Deno.readDir(folder)) {
    const source = await Deno.readTextFile(new URL(name, folder));
    assertEquals(tokens(bareShader(source)), tokens(source), name);
  }
});
