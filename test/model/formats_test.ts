import { join } from "@std/path";
import { assertEquals, assertRejects } from "@std/assert";
import {
  randomCheckpoint,
  randomTensors,
  safetensors,
} from "../support/models/random_model.ts";
import type { StoredType } from "../../src/model/checkpoint.ts";
import { fingerprint } from "../../src/model/fingerprint.ts";
import { openFiles } from "../../src/hub/model_files.ts";
import { type OpenModel, openModel } from "../../src/model/open_model.ts";
import { bytesSource } from "../../src/model/byte_source.ts";
import type { StoredTensor } from "../../src/model/stored_tensor.ts";
import { Oracle } from "../oracle/rwkv7.ts";
import { assertClose } from "../support/close.ts";
import {
  flaTensors,
  oldFlaTensors,
  rwkvRsTensors,
  secondTensors,
  webRwkvTensors,
  wrappedTensors,
} from "../support/rename.ts";
import { worldExcerpt } from "../support/world.ts";
import {
  type GGUF_TYPES,
  llamaKeys,
  llamaTensors,
  worldLines,
  writeGguf,
} from "../support/models/write_gguf.ts";
import { writePth } from "../support/models/write_pth.ts";

const MODEL = {
  L: 2,
  D: 256,
  V: 300,
  ranks: { w: 32, a: 48, v: 16, g: 64 },
} as const;
/** Square LoRA matrices: only names tell how they are stored. */
const SQUARE = { L: 2, D: 64, V: 300, ranks: { w: 64, a: 64, v: 64, g: 64 } };

const vocabulary = bytesSource(
  "vocab.txt",
  new TextEncoder().encode(worldLines(MODEL.V)),
);

async function write(
  tensors: readonly StoredTensor[],
  type: StoredType,
): Promise<Uint8Array<ArrayBuffer>> {
  const parts = await Array.fromAsync(safetensors(tensors, type));
  return await new Blob(parts).bytes();
}

async function open(
  name: string,
  bytes: Uint8Array<ArrayBuffer>,
): Promise<OpenModel> {
  return await openModel({ weights: [bytesSource(name, bytes)], vocabulary });
}

async function llama(
  tensors: readonly StoredTensor[],
  type: keyof typeof GGUF_TYPES,
): Promise<Uint8Array<ArrayBuffer>> {
  return writeGguf(llamaKeys(MODEL.V), await llamaTensors(tensors, type));
}

Deno.test("openModel() gives equal values equal fingerprints in any format", async () => {
  for (const type of ["BF16", "F16"] as const) {
    const tensors = randomTensors({ ...MODEL, type });
    const files: Record<string, Uint8Array<ArrayBuffer>> = {
      "F32.safetensors": await write(tensors, "F32"),
      "narrow.safetensors": await write(tensors, type),
      "web-rwkv.st": await write(webRwkvTensors(tensors), type),
      "fla.safetensors": await write(flaTensors(tensors), type),
      "old-fla.safetensors": await write(oldFlaTensors(tensors), type),
      "second.safetensors": await write(secondTensors(tensors), type),
      "rwkv-rs.safetensors": await write(rwkvRsTensors(tensors), type),
      "old-rwkv-rs.safetensors": await write(
        rwkvRsTensors(tensors, true),
        type,
      ),
      "bare-fla.safetensors": await write(
        wrappedTensors(
          flaTensors(tensors),
          (name) => name.replace(/^model\./, ""),
        ),
        type,
      ),
      "compiled-fla.safetensors": await write(
        wrappedTensors(flaTensors(tensors), (name) => `_orig_mod.${name}`),
        type,
      ),
      "compiled-blocks.pth": await writePth(
        wrappedTensors(
          tensors,
          (name) => name.replace(/^(blocks\.\d+)/, "$1._orig_mod"),
        ),
        type,
      ),
      "forward.pth": await writePth(
        wrappedTensors(tensors, (name) => `_forward_module.module.${name}`),
        type,
      ),
      "protocol-3.pth": await writePth(tensors, type, { protocol: 3 }),
      "protocol-4.pth": await writePth(tensors, type, { protocol: 4 }),
      "protocol-5.pth": await writePth(tensors, type, { protocol: 5 }),
      "trainer.pth": await writePth(tensors, type, {
        protocol: 5,
        noted: true,
        parameters: true,
      }),
      "F32.pth": await writePth(tensors, "F32"),
      "narrow.pth": await writePth(tensors, type, { turned: true }),
      "F32.gguf": await llama(tensors, "F32"),
      "narrow.gguf": await llama(tensors, type),
    };
    const prints: Record<string, string> = {};
    for (const [name, bytes] of Object.entries(files)) {
      prints[name] = (await open(name, bytes)).fingerprint.toHex();
    }
    const [expected] = Object.values(prints);
    for (const [name, print] of Object.entries(prints)) {
      assertEquals(print, expected, `${name} of ${type} values`);
    }
  }
});

Deno.test("openModel() gives DeepEmbed equal fingerprints in any format", async () => {
  const sizes = { ...MODEL, L: 1, D: 64, deep: 8, type: "BF16" } as const;
  const tensors = randomTensors(sizes);
  const files: Record<string, Uint8Array<ArrayBuffer>> = {
    "F32.safetensors": await write(tensors, "F32"),
    "narrow.safetensors": await write(tensors, "BF16"),
    "web-rwkv.st": await write(webRwkvTensors(tensors), "BF16"),
    "second.safetensors": await write(secondTensors(tensors), "BF16"),
    "F32.pth": await writePth(tensors, "F32"),
    "narrow.pth": await writePth(tensors, "BF16", { turned: true }),
  };
  const official = await fingerprint(
    randomCheckpoint(sizes),
    (await open("m", files["F32.safetensors"])).tokenizer.digest,
  );
  for (const [name, bytes] of Object.entries(files)) {
    const { checkpoint, fingerprint } = await open(name, bytes);
    assertEquals(checkpoint.shape.deep, 8, name);
    assertEquals(
      checkpoint.stored,
      name.startsWith("F32") ? "F32" : "BF16",
      name,
    );
    assertEquals(fingerprint, official, name);
  }
});

Deno.test("openModel() knows square LoRA matrices by the file's names", async () => {
  const tensors = randomTensors(SQUARE);
  const official = await open("o", await write(tensors, "F32"));
  for (
    const bytes of [
      await write(flaTensors(tensors), "F32"),
      await write(secondTensors(tensors), "F32"),
      await write(rwkvRsTensors(tensors), "F32"),
      await llama(tensors, "F32"),
    ]
  ) {
    const { fingerprint } = await open("other", bytes);
    assertEquals(fingerprint, official.fingerprint);
  }
});

for (const [type, nmse] of [["Q8_0", 1e-4], ["Q4_K", 0.05]] as const) {
  Deno.test(`openModel() gives nearly the same model from ${type}`, async () => {
    const tensors = randomTensors(MODEL);
    const exact = await open("m", await write(tensors, "F32"));
    const rounded = await open("m.gguf", await llama(tensors, type));
    assertEquals(rounded.checkpoint.stored, "F32");
    const text = [1, 2, 3, 250, 40, 8, 8, 9];
    const [expected, found] = await Promise.all(
      [exact, rounded].map(async ({ checkpoint }) => {
        const oracle = await Oracle.open(checkpoint);
        return oracle.read(text, oracle.blank());
      }),
    );
    assertClose(found, expected, { nmse });
  });
}

Deno.test("openModel() takes the vocabulary of a GGUF file", async () => {
  const bytes = await llama(randomTensors(SQUARE), "F32");
  const weights = [bytesSource("m.gguf", bytes)];
  const own = await openModel({ weights });
  const beside = await openModel({ weights, vocabulary });
  assertEquals(own.tokenizer.size, MODEL.V - 2);
  assertEquals(own.tokenizer.digest, beside.tokenizer.digest);
  assertEquals(own.fingerprint, beside.fingerprint);
  assertEquals(own.tokenizer.encode("<s>a\n'\\"), [
    61,
    116,
    63,
    98,
    11,
    40,
    93,
  ]);
});

Deno.test("openModel() misses a vocabulary", async () => {
  const bytes = await write(randomTensors(SQUARE), "F32");
  const weights = [bytesSource("m.safetensors", bytes)];
  await assertRejects(() => openModel({ weights }), {
    code: "ERR_MODEL_NOT_FOUND",
    message: /m\.safetensors: it carries no vocabulary; put/,
  });
  const world = bytesSource(
    "world",
    new TextEncoder().encode(await worldExcerpt()),
  );
  await assertRejects(() => openModel({ weights, vocabulary: world }), {
    code: "ERR_VOCABULARY_CORRUPT",
    message: /world: it has 65530 tokens, but m\.safetensors has 300/,
  });
});

const STRANGERS: [string, string, RegExp][] = [
  [
    "a Git LFS pointer",
    "version https://git-lfs.github.com/spec/v1\n",
    /lfs pull/,
  ],
  ["a web page", "<!DOCTYPE html><html></html>", /a web page/],
  ["an old PyTorch file", "\x80\x02\x8a\x0al\xfc\x9cF\xf9 j", /before 1\.6/],
  ["an rwkv.cpp file", "fmgg\x65\0\0\0", /rwkv\.cpp/],
  ["a big-endian GGUF", "FUGG", /big-endian/],
  ["a configuration", '{\n  "architectures": []\n}', /JSON without/],
];

for (const [what, text, message] of STRANGERS) {
  Deno.test(`openModel() knows ${what}`, async () => {
    const bytes = Uint8Array.from(text, (letter) => letter.charCodeAt(0));
    await assertRejects(() => open("m", bytes), {
      code: "ERR_MODEL_UNSUPPORTED",
      message,
    });
  });
}

Deno.test("openModel() refuses the same tensor under two names", async () => {
  const tensors = [
    ...flaTensors(randomTensors(SQUARE)),
    ...oldFlaTensors(randomTensors(SQUARE)).slice(-1),
  ];
  const bytes = await write(tensors, "F32");
  await assertRejects(() => open("m", bytes), {
    code: "ERR_MODEL_CORRUPT",
    message:
      /attn\.x_r and model\.layers\.1\.attn\.x_x are both blocks\.1\.att\.x_r/,
  });
});

async function folderOf(
  files: Record<string, Uint8Array<ArrayBuffer> | string>,
): Promise<string> {
  const path = await Deno.makeTempDir();
  for (const [name, data] of Object.entries(files)) {
    const bytes = typeof data === "string"
      ? new TextEncoder().encode(data)
      : data;
    await Deno.writeFile(join(path, name), bytes);
  }
  return path;
}

Deno.test("openFiles() opens weights in parts", async () => {
  const tensors = flaTensors(randomTensors(SQUARE));
  const [one, two] = ["model-00001-of-00002", "model-00002-of-00002"]
    .map((name) => `${name}.safetensors`);
  const half = Math.floor(tensors.length / 2);
  const weight_map = Object.fromEntries(
    tensors.map(({ name }, i) => [name, i < half ? one : two]),
  );
  const path = await folderOf({
    "model.safetensors.index.json": JSON.stringify({ weight_map }),
    [one]: await write(tensors.slice(0, half), "F32"),
    [two]: await write(tensors.slice(half), "F32"),
    "vocab.txt": worldLines(MODEL.V),
    "config.json": "{}",
  });
  const whole = await open("m", await write(tensors, "F32"));
  for (const model of [path, join(path, "model.safetensors.index.json")]) {
    await using files = await openFiles(model);
    assertEquals(files.weights.length, 2);
    assertEquals((await openModel(files)).fingerprint, whole.fingerprint);
  }
  await Deno.writeFile(join(path, two), await write(tensors, "F32"));
  await using files = await openFiles(path);
  await assertRejects(() => openModel(files), {
    code: "ERR_MODEL_CORRUPT",
    message: /tensor model\.embeddings\.weight is in another part too/,
  });
  await Deno.remove(path, { recursive: true });
});

Deno.test("openFiles() refuses an index that leads elsewhere", async () => {
  for (
    const [index, message] of [
      [
        `{"weight_map": {"a": "../secret.safetensors"}}`,
        /not the name of a file/,
      ],
      [`{"weight_map": {"a": 7}}`, /7 is not the name/],
      [`{"weight_map": null}`, /not an index/],
      ["no JSON", /not an index/],
    ] as const
  ) {
    const path = await folderOf({ "m.safetensors.index.json": index });
    await assertRejects(() => openFiles(path), {
      code: "ERR_MODEL_CORRUPT",
      message,
    });
    await Deno.remove(path, { recursive: true });
  }
});

Deno.test("openFiles() needs no vocabulary beside a GGUF file", async () => {
  const gguf = await llama(randomTensors(SQUARE), "F32");
  const path = await folderOf({ "gosling-0.1b.gguf": gguf });
  await using files = await openFiles(join(path, "gosling-0.1b.gguf"));
  assertEquals(files.id, "gosling-0.1b");
  assertEquals(files.vocabulary, undefined);
  assertEquals((await openModel(files)).tokenizer.size, MODEL.V - 2);
  await Deno.remove(path, { recursive: true });
});

Deno.test("openModel() keeps the types of a GGUF whose LoRA matrices are F32", async () => {
  const tensors = randomTensors({ ...MODEL, type: "F16" });
  for (const type of ["F16", "F32", "Q8_0"] as const) {
    const written = await llamaTensors(tensors, type);
    const { checkpoint: { stored, small } } = await open(
      `${type}.gguf`,
      writeGguf(llamaKeys(MODEL.V), written),
    );
    assertEquals(
      [stored, small],
      type === "F16" ? ["F16", "F32"] : ["F32", undefined],
    );
  }
});
