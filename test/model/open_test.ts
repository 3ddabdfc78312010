import { join } from "@std/path";
import { assertEquals, assertRejects } from "@std/assert";
import { fileSource } from "../../src/model/file_source.ts";
import { isWorld, WORLD_VOCABULARY } from "../../src/hub/official_models.ts";
import { openFiles } from "../../src/hub/model_files.ts";
import { openModel } from "../../src/model/open_model.ts";
import { blobSource, bytesSource } from "../../src/model/byte_source.ts";
import { GOLDENS } from "../support/goldens.ts";

const GOSLING = new URL("../../models/gosling/", import.meta.url);

Deno.test("openModel() opens the embedded model", async () => {
  await using files = await openFiles(GOSLING);
  assertEquals(files.id, "gosling");
  const { checkpoint, tokenizer, fingerprint } = await openModel(files);
  assertEquals(checkpoint.shape.V, tokenizer.size);
  assertEquals(fingerprint.length, 32);
  const text = "User: Hello\n\nAssistant:";
  const bytes = tokenizer.encode(text).flatMap((token) => [
    ...tokenizer.bytes(token),
  ]);
  assertEquals(new TextDecoder().decode(Uint8Array.from(bytes)), text);
});

Deno.test("openModel() gives the same fingerprint whatever the source", async () => {
  await using files = await openFiles(
    join(GOSLING.pathname, "model.safetensors"),
  );
  const [weights] = files.weights;
  const blob = new Blob([await weights.read(0, weights.size)]);
  const one = await openModel(files);
  const two = await openModel({
    ...files,
    weights: [blobSource("blob", blob)],
  });
  assertEquals(one.fingerprint, two.fingerprint);
});

Deno.test("openModel() refuses a vocabulary larger than the model's", async () => {
  const weights = await fileSource(`${GOLDENS}rand-d128-l3-v512.safetensors`);
  const vocabulary = await fileSource(join(GOSLING.pathname, "vocab.txt"));
  await assertRejects(() => openModel({ weights: [weights], vocabulary }), {
    code: "ERR_VOCABULARY_CORRUPT",
    message: /\d+ tokens, but .*rand-d128-l3-v512\.safetensors has 512/,
  });
});

Deno.test("openModel() shares the vocabularies of models, and refuses other files", async () => {
  await using files = await openFiles(GOSLING);
  await using again = await openFiles(
    join(GOSLING.pathname, "model.safetensors"),
    join(GOSLING.pathname, "vocab.txt"),
  );
  const { tokenizer } = await openModel(files);
  assertEquals((await openModel(again)).tokenizer === tokenizer, true);
  assertEquals(isWorld(tokenizer), false);
  const digest = Uint8Array.fromHex(WORLD_VOCABULARY.digest);
  assertEquals(isWorld({ digest }), true);
  const [weights] = files.weights;
  await assertRejects(() => openModel({ ...files, vocabulary: weights }), {
    code: "ERR_VOCABULARY_CORRUPT",
    message: /model\.safetensors: it is not UTF-8$/,
  });
  const huge = { ...weights, size: 2 ** 32 };
  await assertRejects(() => openModel({ ...files, vocabulary: huge }), {
    code: "ERR_VOCABULARY_CORRUPT",
    message: /it has 4294967296 bytes, and vocabularies have 67108864 at most/,
  });
  await assertRejects(() => openFiles(GOSLING, "/none/vocab.txt"), {
    code: "ERR_MODEL_NOT_FOUND",
    message: /^Cannot open .*\/none\/vocab\.txt: there is no such file/,
  });
});

async function folder(...names: string[]): Promise<string> {
  const path = await Deno.makeTempDir();
  for (const name of names) await Deno.writeTextFile(join(path, name), name);
  return path;
}

Deno.test("openFiles() takes the only files of their kind, or the usual names", async () => {
  for (
    const [model, words, ...rest] of [
      ["a.safetensors", "rwkv_vocab.txt", "README.md"],
      ["model.safetensors", "vocab.txt", "a.safetensors", "LICENSE.txt"],
    ]
  ) {
    const path = await folder(model, words, ...rest);
    await using files = await openFiles(path);
    assertEquals(files.weights.map(({ name }) => name), [join(path, model)]);
    assertEquals(files.vocabulary?.name, join(path, words));
    await Deno.remove(path, { recursive: true });
  }
});

Deno.test("openFiles() says what it looked for", async () => {
  const path = await folder("a.safetensors", "b.safetensors", "vocab.txt");
  const bare = await folder("a.safetensors");
  for (
    const [model, message] of [
      [
        path,
        /no model\.safetensors, and more than one of its kind: a\.safetensors, b/,
      ],
      [bare, /no vocab\.txt, and none of its kind/],
      [join(path, "c.safetensors"), /c\.safetensors: there is no such file/],
    ] as const
  ) {
    await assertRejects(() => openFiles(model), {
      code: "ERR_MODEL_NOT_FOUND",
      message,
    });
  }
  await Deno.remove(path, { recursive: true });
  await Deno.remove(bare, { recursive: true });
});

Deno.test("fileSource() reads ranges of a file too large to keep", async () => {
  const path = await Deno.makeTempFile();
  const size = (64 << 20) + 10;
  await Deno.truncate(path, size);
  using writer = await Deno.open(path, { write: true });
  await writer.seek(size - 3, Deno.SeekMode.Start);
  await writer.write(Uint8Array.of(1, 2, 3));
  await using source = await fileSource(path);
  const ranges = await Promise.all([
    source.read(size - 3, 3),
    source.read(0, 2),
    source.read(size - 1, 1),
  ]);
  assertEquals(ranges.map((bytes) => [...bytes]), [[1, 2, 3], [0, 0], [3]]);
  await assertRejects(() => source.read(size - 1, 2), {
    code: "ERR_MODEL_CORRUPT",
    message: /2 bytes at 67108873/,
  });
  assertEquals([...await source.read(size - 2, 1)], [2]);
  await Deno.remove(path);
});

Deno.test("fileSource() refuses what is no file", async () => {
  for (const path of ["/nowhere/x", GOLDENS]) {
    await assertRejects(() => fileSource(path), {
      code: "ERR_MODEL_NOT_FOUND",
      message: new RegExp(`Cannot open ${path}`),
    });
  }
});

Deno.test("bytesSource() and blobSource() know where they end", async () => {
  const bytes = new Uint8Array(4);
  for (
    const source of [
      bytesSource("m", bytes),
      blobSource("m", new Blob([bytes])),
    ]
  ) {
    assertEquals((await source.read(1, 3)).length, 3);
    for (const [offset, length] of [[2, 3], [-1, 1], [5, 0]] as const) {
      await assertRejects(() => source.read(offset, length), {
        code: "ERR_MODEL_CORRUPT",
        message: /ends at 4/,
      });
    }
  }
});
