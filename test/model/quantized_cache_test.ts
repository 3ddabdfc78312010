import { join } from "@std/path";
import { assert, assertEquals, assertMatch, assertRejects } from "@std/assert";
import {
  randomCheckpoint,
  randomTensors,
  safetensors,
} from "../support/models/random_model.ts";
import { openPacked } from "../../src/serve/packed_weights.ts";
import type { Device, DeviceKind } from "../../src/device/device.ts";
import { wasmDevice } from "../../src/device/wasm/wasm_device.ts";
import { sharedWebGpu } from "../support/shared_webgpu.ts";
import { openFiles } from "../../src/hub/model_files.ts";
import { openUnread } from "../../src/model/open_model.ts";
import { checksum } from "../../src/model/packed/checksum.ts";
import type { PackedPieces } from "../../src/model/packed/packed_pieces.ts";
import {
  CacheError,
  footerBytes,
  QuantizedCache,
} from "../../src/model/packed/quantized_cache.ts";
import { bytesSource } from "../../src/model/byte_source.ts";
import { sha256 } from "../state/support.ts";

const VOCABULARY = new URL("../../models/gosling/vocab.txt", import.meta.url);
const RANKS = { w: 32, a: 32, v: 32, g: 32 };
const SMALL = { L: 2, D: 128, V: 3584, ranks: RANKS, deep: 8 } as const;

const open: Record<DeviceKind, () => Promise<Device>> = {
  wasm: () => Promise.resolve(wasmDevice({ threads: 2 })),
  webgpu: sharedWebGpu,
};

/** A folder with a model that has settled. */
async function modelFolder(): Promise<string> {
  const folder = await Deno.makeTempDir();
  const weights = join(folder, "model.safetensors");
  await Deno.writeFile(
    weights,
    ReadableStream.from(safetensors(randomTensors(SMALL), "F32")),
  );
  await Deno.copyFile(VOCABULARY, join(folder, "vocab.txt"));
  const earlier = new Date(Date.now() - 60_000);
  for (const name of ["model.safetensors", "vocab.txt"]) {
    await Deno.utime(join(folder, name), earlier, earlier);
  }
  return folder;
}

interface Loaded {
  readonly logits: Float32Array | undefined;
  readonly fingerprint: string;
  /** Whether the fingerprint came from the cache. */
  readonly kept: boolean;
  readonly notes: string[];
}

/** What `compose` does with a model's files, and logits to compare. */
async function load(
  folder: string,
  { kind = "wasm", quantization = "int8", fresh = false }: {
    kind?: DeviceKind;
    quantization?: "int8" | "int4";
    fresh?: boolean;
  } = {},
): Promise<Loaded> {
  const notes: string[] = [];
  await using files = await openFiles(folder);
  const device = await open[kind]();
  try {
    await using packed = await openPacked(files, {
      device,
      quantization,
      note: (line) => notes.push(line),
      fresh,
      least: 0,
    });
    const { checkpoint, fingerprint } = (await openUnread(files))
      .identified(packed.fingerprint);
    const model = await packed.load(
      fingerprint,
      (pieces) =>
        device.load(checkpoint, { lanes: 1, quantization, ...pieces }),
    );
    const tokens = [5, 9, 77];
    const [{ logits }] = await model.step([
      { lane: 0, tokens, draw: 0, logits: "last" },
    ]);
    return {
      logits,
      fingerprint: (await fingerprint()).toHex(),
      kept: packed.fingerprint !== undefined,
      notes,
    };
  } finally {
    await device.dispose();
  }
}

async function names(folder: string): Promise<string[]> {
  const entries = await Array.fromAsync(Deno.readDir(folder));
  return entries.map(({ name }) => name).sort();
}

const CACHE = "model.safetensors.wasm-int8.cache";

for (
  const [kind, quantization] of [
    ["wasm", "int8"],
    ["wasm", "int4"],
    ["webgpu", "int8"],
    ["webgpu", "int4"],
  ] as const
) {
  Deno.test(`openPacked() makes the next ${quantization} load of ${kind} the same without reading the weights`, async () => {
    const folder = await modelFolder();
    const first = await load(folder, { kind, quantization });
    assertEquals([first.kept, first.notes], [false, []]);
    assertEquals(await names(folder), [
      "model.safetensors",
      `model.safetensors.${kind}-${quantization}.cache`,
      "vocab.txt",
    ]);
    const second = await load(folder, { kind, quantization });
    assertEquals(second, { ...first, kept: true });
  });
}

Deno.test("openPacked() keeps each quantisation by itself", async () => {
  const folder = await modelFolder();
  const int8 = await load(folder);
  const int4 = await load(folder, { quantization: "int4" });
  assertEquals(int4.kept, false);
  assertEquals((await load(folder)).logits, int8.logits);
});

Deno.test("openPacked() packs a changed model anew, with a note", async () => {
  const folder = await modelFolder();
  const first = await load(folder);
  const path = join(folder, "model.safetensors");
  const bytes = await Deno.readFile(path);
  bytes[bytes.length - 2] ^= 1;
  await Deno.writeFile(path, bytes);
  const soon = new Date(Date.now() - 30_000);
  await Deno.utime(path, soon, soon);
  const second = await load(folder);
  assertEquals(second.kept, false);
  assertMatch(second.notes.join(), /was made from something else; .* again$/);
  assert(second.fingerprint !== first.fingerprint);
  assertEquals((await load(folder)).kept, true);
});

Deno.test("openPacked() packs anew where the file ends early", async () => {
  const folder = await modelFolder();
  const first = await load(folder);
  const path = join(folder, CACHE);
  for (const length of [0, 39, 1000]) {
    await Deno.truncate(path, length);
    const again = await load(folder);
    assertEquals([again.kept, again.logits], [false, first.logits]);
    assertMatch(again.notes.join(), /cache is damaged; they are packed again$/);
  }
  assertEquals((await load(folder)).kept, true);
});

Deno.test("openPacked() refuses a damaged piece, and fresh replaces it", async () => {
  const folder = await modelFolder();
  const first = await load(folder);
  const path = join(folder, CACHE);
  const bytes = await Deno.readFile(path);
  bytes[100_000] ^= 4;
  await Deno.writeFile(path, bytes);
  await assertRejects(() => load(folder), CacheError, "is damaged at ");
  const second = await load(folder, { fresh: true });
  assertEquals(second, first);
  assertEquals(await load(folder), { ...first, kept: true });
});

Deno.test("openPacked() keeps nothing of a model that was just written", async () => {
  const folder = await modelFolder();
  const now = new Date();
  await Deno.utime(join(folder, "vocab.txt"), now, now);
  const { notes } = await load(folder);
  assertMatch(
    notes.join(),
    /^Packed weights are not kept .* just been written$/,
  );
  assertEquals(await names(folder), ["model.safetensors", "vocab.txt"]);
});

Deno.test("openPacked() goes on with a note where it may not write", async () => {
  const folder = await modelFolder();
  await Deno.mkdir(join(folder, CACHE));
  const first = await load(folder);
  assertEquals(first.kept, false);
  assert(first.notes.length > 0);
  assert(!(await names(folder)).some((name) => /cache\../.test(name)));
});

Deno.test({
  name: "openPacked() goes on with a note without permission to write",
  permissions: { read: true, write: false, sys: true },
  fn: async () => {
    const folder = await Deno.realPath(
      new URL("../../models/gosling", import.meta.url),
    );
    const { notes } = await load(folder);
    assertMatch(notes.join(), /needs --allow-write=/);
  },
});

Deno.test("QuantizedCache refuses pieces of other sizes and numbers", async () => {
  const piece = Uint8Array.of(1, 2, 3);
  const key = { packing: "x 1", quantization: "int8", sources: [] };
  const footer = await footerBytes({
    key,
    fingerprint: new Uint8Array(32),
    pieces: [{ size: 3, checksum: checksum(piece) }],
  });
  const file = await new Blob([piece, footer]).bytes();
  const open = () => QuantizedCache.open(bytesSource("file", file), key);
  const never = () => Promise.reject(new Error("Cannot pack: it was kept"));
  const pieces = (await open()).pieces();
  assertEquals(await pieces.piece(3, never), piece);
  await assertRejects(() => pieces.piece(3, never), CacheError, "piece 1");
  const others = (await open()).pieces();
  await assertRejects(() => others.piece(4, never), CacheError, "4 bytes");
  const target = new Uint8Array(new SharedArrayBuffer(8)).subarray(4, 7);
  await (await open()).pieces().fill(target, never);
  assertEquals([...target], [...piece]);
  for (let at = 0; at < file.length; at++) {
    file[at] ^= 1;
    await assertRejects(
      async () => (await open()).pieces().piece(3, never),
      CacheError,
    );
    await assertRejects(
      async () => (await open()).pieces().fill(target, never),
      CacheError,
    );
    file[at] ^= 1;
  }
  await assertRejects(
    () =>
      QuantizedCache.open(bytesSource("file", file), {
        ...key,
        packing: "x 2",
      }),
    CacheError,
    "file was made from something else",
  );
});

Deno.test("QuantizedCache refuses footers of other versions and shapes", async () => {
  const key = { packing: "x 1", quantization: "int8", sources: [] };
  const sound = {
    version: 2,
    key,
    fingerprint: "0".repeat(64),
    pieces: [{ size: 0, checksum: checksum(new Uint8Array()) }],
  };
  const open = async (footer: unknown) => {
    const json = new TextEncoder().encode(JSON.stringify(footer));
    const length = Uint32Array.of(json.length);
    const hash = Uint8Array.fromHex(await sha256(json));
    const file = new Blob([json, hash, length, "GOSQ"]);
    return await QuantizedCache.open(
      bytesSource("file", await file.bytes()),
      key,
    );
  };
  assertEquals((await open(sound)).fingerprint, new Uint8Array(32));
  const [piece] = sound.pieces;
  for (
    const other of [
      null,
      2,
      { ...sound, key: undefined },
      { ...sound, fingerprint: "0".repeat(63) },
      { ...sound, fingerprint: 0 },
      { ...sound, pieces: undefined },
      { ...sound, pieces: [null] },
      { ...sound, pieces: [{ ...piece, size: -1 }] },
      { ...sound, pieces: [{ ...piece, size: "0" }] },
      { ...sound, pieces: [{ size: 0 }] },
    ]
  ) {
    await assertRejects(() => open(other), CacheError, "file is damaged");
  }
  for (const version of [1, 3]) {
    await assertRejects(
      () => open({ ...sound, version }),
      CacheError,
      "file is of another version",
    );
  }
});

/**
 * What `packing` names. If a change of the kernels, the layout or their formats
 * makes these differ, count `PACKING` up and write the new ones.
 */
const PACKED = [
  [
    "wasm",
    "wasm 2",
    "int8",
    "84fcfc2ad48de6ecc3ec1bb1cd127649ceee17af0b10600a41ddc19ea0853602",
  ],
  [
    "wasm",
    "wasm 2",
    "int4",
    "c03cc625c4ca1a9a034261f3bb6d3cb9f375a9658acd7051b668c51576d7867e",
  ],
  [
    "webgpu",
    "webgpu 3",
    "int8",
    "c324b17eea146af8c6d41c9d7684e08fffd0e4c39f2aa75cb26792c29d07e150",
  ],
  [
    "webgpu",
    "webgpu 3",
    "int4",
    "6b6b3b6bffa957c7aab87eaae749d68c408f7edca1e445cbf887b9f975dbb884",
  ],
] as const;

for (const [kind, packing, quantization, digest] of PACKED) {
  Deno.test(`${kind} packs ${quantization} as its packing says`, async () => {
    const device = await open[kind]();
    const digests: Promise<string>[] = [];
    const packed: PackedPieces = {
      async piece(_size, pack) {
        const bytes = await pack();
        digests.push(sha256(bytes));
        return bytes;
      },
      async fill(target, pack) {
        await pack();
        digests.push(sha256(target.slice()));
      },
    };
    const checkpoint = randomCheckpoint({ L: 2, D: 64, V: 96, ranks: RANKS });
    await device.load(checkpoint, { lanes: 1, quantization, packed });
    await device.dispose();
    const all = new TextEncoder()
      .encode((await Promise.all(digests)).join());
    const found = await sha256(all);
    assertEquals([device.packing, found], [packing, digest]);
  });
}
