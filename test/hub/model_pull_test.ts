import { assertEquals, assertRejects } from "@std/assert";
import { join } from "@std/path";
import { ModelCache } from "../../src/hub/model_cache.ts";
import { pull } from "../../src/hub/pull_model.ts";
import { WORLD_VOCABULARY } from "../../src/hub/official_models.ts";
import { parseReference } from "../../src/hub/model_reference.ts";
import { BYTES, OTHER, scene, sha256 } from "./model_scene.ts";

const GGUF = parseReference("hf:me/quantised/m.gguf");

Deno.test("pull fetches a file over dropped connections and keeps its checksum", async () => {
  await using stage = await scene();
  const { cache, options, server } = stage;
  stage.put("m.gguf", BYTES, "me/quantised");
  server.drop = 20_000;
  assertEquals(await pull(cache, GGUF, options), "m");
  const { manifest, path } = await cache.find("m");
  assertEquals(await Deno.readFile(join(path, "m.gguf")), BYTES);
  assertEquals(manifest.source, "hf:me/quantised/m.gguf");
  assertEquals(manifest.files, [{
    name: "m.gguf",
    url: new URL("/me/quantised/resolve/main/m.gguf", server.url).href,
    size: BYTES.length,
    sha256: sha256(BYTES),
    checked: true,
  }]);
  const names = Array.from(Deno.readDirSync(path), ({ name }) => name).sort();
  assertEquals(names, ["m.gguf", "model.json"]);
});

Deno.test("pull goes on with what an earlier process left", async () => {
  await using stage = await scene();
  const { cache, options, server } = stage;
  stage.put("m.gguf", BYTES, "me/quantised");
  server.drop = 20_000;
  const once = { ...options, transport: { ...options.transport, tries: 1 } };
  await assertRejects(() => pull(cache, GGUF, once), {
    code: "ERR_MODEL_NETWORK",
    message: /the connection|ended|error/,
  });
  assertEquals((await cache.list()).map(({ manifest }) => manifest), [
    undefined,
  ]);
  server.drop = Infinity;
  await pull(cache, GGUF, options);
  assertEquals(stage.fetched().at(-1), "bytes=20000-");
  assertEquals(stage.notes, ["Going on with m.gguf at 20 kB"]);
  const { path } = await cache.find("m");
  assertEquals(await Deno.readFile(join(path, "m.gguf")), BYTES);
});

Deno.test("pull hashes resumed bytes too, and fetches all when they are not of this file", async () => {
  await using stage = await scene();
  const { cache, options } = stage;
  stage.put("m.gguf", BYTES, "me/quantised");
  const part = join(cache.folder, "m", "m.gguf.part");
  await Deno.mkdir(join(cache.folder, "m"), { recursive: true });
  await Deno.writeFile(part, OTHER.subarray(0, 10_000));
  await Deno.writeTextFile(
    `${part}.json`,
    JSON.stringify({ tag: `"${sha256(BYTES)}"` }),
  );
  await pull(cache, GGUF, options);
  const { path } = await cache.find("m");
  assertEquals(await Deno.readFile(join(path, "m.gguf")), BYTES);
  assertEquals(
    stage.notes.at(-1),
    "What was there of m.gguf does not fit; fetching all of it",
  );
});

Deno.test("pull begins again when the file is another one by now", async () => {
  await using stage = await scene();
  const { cache, options } = stage;
  stage.put("m.gguf", BYTES, "me/quantised");
  const part = join(cache.folder, "m", "m.gguf.part");
  await Deno.mkdir(join(cache.folder, "m"), { recursive: true });
  await Deno.writeFile(part, OTHER.subarray(0, 10_000));
  await Deno.writeTextFile(`${part}.json`, JSON.stringify({ tag: '"old"' }));
  await pull(cache, GGUF, options);
  const { path } = await cache.find("m");
  assertEquals(await Deno.readFile(join(path, "m.gguf")), BYTES);
  assertEquals(stage.fetched(), ["bytes=10000-"]);
});

Deno.test("pull throws a file with a wrong checksum away", async () => {
  await using stage = await scene();
  const { cache, options, server } = stage;
  stage.put("m.gguf", BYTES, "me/quantised");
  server.files.set("/me/quantised/resolve/main/m.gguf", { bytes: OTHER });
  await assertRejects(() => pull(cache, GGUF, options), {
    code: "ERR_MODEL_CHECKSUM",
    message: new RegExp(`is ${sha256(OTHER)}, expected ${sha256(BYTES)}`),
  });
  await assertRejects(() => cache.find("m"), { code: "ERR_MODEL_NOT_FOUND" });
  assertEquals(
    (await Deno.stat(join(cache.folder, "m", "m.gguf.part"))).size,
    0,
  );
});

Deno.test("pull asks for nothing but the listing when all is there", async () => {
  await using stage = await scene();
  const { cache, options } = stage;
  stage.put("m.gguf", BYTES, "me/quantised");
  await pull(cache, GGUF, options);
  const { manifest } = await cache.find("m");
  await pull(cache, GGUF, options);
  assertEquals(stage.fetched().length, 1);
  assertEquals((await cache.find("m")).manifest, manifest);
});

Deno.test("pull fetches a damaged file again, and takes files that only lack model.json", async () => {
  await using stage = await scene();
  const { cache, options } = stage;
  stage.put("m.gguf", BYTES, "me/quantised");
  await pull(cache, GGUF, options);
  const { path } = await cache.find("m");
  await Deno.truncate(join(path, "m.gguf"), 100);
  await pull(cache, GGUF, options);
  assertEquals(await Deno.readFile(join(path, "m.gguf")), BYTES);
  await Deno.remove(join(path, "model.json"));
  await pull(cache, GGUF, options);
  assertEquals(stage.fetched().length, 2);
  assertEquals((await cache.find("m")).id, "m");
});

Deno.test("pull of two at once fetches a file once", async () => {
  await using stage = await scene();
  const { cache, options } = stage;
  stage.put("m.gguf", BYTES, "me/quantised");
  await Promise.all([pull(cache, GGUF, options), pull(cache, GGUF, options)]);
  assertEquals(stage.fetched().length, 1);
});

Deno.test("pull refuses a vocabulary that is not the World vocabulary", async () => {
  await using stage = await scene();
  const { cache, options, server } = stage;
  stage.put("rwkv7-g1d-0.1b-20260129-ctx8192.pth", BYTES);
  const wrong = new Uint8Array(WORLD_VOCABULARY.size);
  server.files.set("/vocabulary.txt", { bytes: wrong });
  await assertRejects(() => pull(cache, parseReference("0.1b"), options), {
    code: "ERR_MODEL_CHECKSUM",
    message: /vocabulary\.txt: its SHA-256 is/,
  });
  assertEquals(stage.fetched(), ["/vocabulary.txt"]);
});

Deno.test("pull takes a file that another model has", async () => {
  await using stage = await scene();
  const { cache, options } = stage;
  stage.put("m.gguf", BYTES, "me/quantised");
  stage.put("same.gguf", BYTES, "you/copied");
  await pull(cache, GGUF, options);
  await pull(cache, parseReference("hf:you/copied"), options);
  assertEquals(stage.fetched().length, 1);
  await cache.remove("m");
  const { path } = await cache.find("same");
  assertEquals(await Deno.readFile(join(path, "same.gguf")), BYTES);
});

Deno.test("pull of a URL checks --sha256 and refuses what is no file of weights", async () => {
  await using stage = await scene();
  const { cache, options, server } = stage;
  server.files.set("/some/x.gguf", { bytes: BYTES });
  const reference = parseReference(new URL("/some/x.gguf", server.url).href);
  await assertRejects(
    () => pull(cache, reference, { ...options, sha256: sha256(OTHER) }),
    { code: "ERR_MODEL_CHECKSUM" },
  );
  assertEquals(
    await pull(cache, reference, { ...options, as: "mine" }),
    "mine",
  );
  assertEquals((await cache.find("mine")).manifest.files[0]?.checked, false);
  const zip = parseReference(new URL("/x.zip", server.url).href);
  await assertRejects(() => pull(cache, zip, options), {
    code: "ERR_CONFIG_INVALID",
  });
});

Deno.test("pull refuses a name that is taken by a model from elsewhere", async () => {
  await using stage = await scene();
  const { cache, options } = stage;
  stage.put("m.gguf", BYTES, "me/quantised");
  stage.put("m.gguf", OTHER, "you/quantised");
  await pull(cache, GGUF, options);
  const other = parseReference("hf:you/quantised/m.gguf");
  await assertRejects(() => pull(cache, other, options), {
    code: "ERR_CONFIG_INVALID",
    message: /m is already there, from hf:me\/quantised\/m\.gguf/,
  });
  assertEquals(await pull(cache, other, { ...options, as: "n" }), "n");
});

Deno.test({
  name: "pull says that the disk is full and how to go on",
  ignore: Deno.build.os !== "linux",
  async fn() {
    await using stage = await scene();
    const { cache, options } = stage;
    stage.put("m.gguf", BYTES, "me/quantised");
    await Deno.mkdir(join(cache.folder, "m"), { recursive: true });
    // A device that is always full.
    await Deno.symlink("/dev/full", join(cache.folder, "m", "m.gguf.part"));
    await assertRejects(() => pull(cache, GGUF, options), {
      code: "ERR_MODEL_DISK",
      message: /the disk is full; make room, or .* GOSLING_MODELS/,
    });
  },
});

Deno.test("pull refuses beforehand what the disk has no room for", async () => {
  await using stage = await scene();
  const { cache, options, server } = stage;
  server.instead = () =>
    Response.json([{
      type: "file",
      path: "m.gguf",
      size: 130,
      lfs: { oid: "0".repeat(64), size: 2 ** 52 },
    }]);
  await assertRejects(() => pull(cache, GGUF, options), {
    code: "ERR_MODEL_DISK",
    message: /4500 TB are missing and .* are free/,
  });
});

Deno.test({
  name: "pull says that a folder cannot be written to",
  ignore: Deno.build.os !== "linux",
  async fn() {
    await using stage = await scene();
    const { options } = stage;
    stage.put("m.gguf", BYTES, "me/quantised");
    // Nobody makes folders there, not even root.
    const cache = new ModelCache("/sys/kernel/gosling");
    await assertRejects(() => pull(cache, GGUF, options), {
      code: "ERR_MODEL_DISK",
      message: /^Cannot write \/sys\/kernel\/gosling.*: .*GOSLING_MODELS/,
    });
  },
});
