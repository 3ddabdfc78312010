import { assertEquals, assertRejects } from "@std/assert";
import { join } from "@std/path";
import { createHash } from "node:crypto";
import { ModelCache } from "../../src/cli/model/cache.ts";
import { pull, type PullOptions } from "../../src/cli/model/pull.ts";
import { planPull } from "../../src/cli/model/plan.ts";
import { WORLD_VOCABULARY } from "../../src/model/hub/official.ts";
import { parseReference } from "../../src/model/hub/reference.ts";
import { NETWORK } from "../../src/model/hub/transport.ts";
import { type FileServer, fileServer } from "../model/hub/file_server.ts";

const BYTES = Uint8Array.from({ length: 50_000 }, (_, i) => i * 3 + (i >> 8));
const OTHER = BYTES.map((byte) => byte ^ 85);
const NAME = "rwkv7-g1d-0.1b-20260129-ctx8192.pth";
const ID = NAME.replace(".pth", "");
const REPOSITORY = "BlinkDL/rwkv7-g1";

function sha256(bytes: Uint8Array): string {
  return createHash("sha256").update(bytes).digest("hex");
}

/** A hub with one repository, a cache, and what it takes to pull. */
interface Scene extends AsyncDisposable {
  readonly server: FileServer;
  readonly cache: ModelCache;
  readonly notes: string[];
  readonly options: PullOptions;
  /** Puts a file into a repository. */
  put(path: string, bytes: Uint8Array<ArrayBuffer>, repository?: string): void;
  /** Requests for the contents of files. */
  fetched(): (string | null)[];
}

async function scene(): Promise<Scene> {
  const server = fileServer();
  const folder = await Deno.makeTempDir();
  const cache = new ModelCache(join(folder, "models"));
  const notes: string[] = [];
  const listings = new Map<string, object[]>();
  server.instead = (request) => {
    const [, repository] = /^\/api\/models\/(.+)\/tree\/main$/
      .exec(new URL(request.url).pathname) ?? [];
    if (repository === undefined) return undefined;
    const listing = listings.get(repository);
    return listing ? Response.json(listing) : new Response("", { status: 404 });
  };
  return {
    server,
    cache,
    notes,
    options: {
      hub: { endpoint: server.url },
      transport: { ...NETWORK, wait: () => Promise.resolve(), tries: 3 },
      vocabulary: new URL("/vocabulary.txt", server.url),
      note: (line) => notes.push(line),
      bar: () =>
        Promise.resolve({ update: () => {}, [Symbol.dispose]: () => {} }),
    },
    put(path, bytes, repository = REPOSITORY): void {
      const listing = listings.get(repository) ?? [];
      listings.set(repository, listing);
      const lfs = { oid: sha256(bytes), size: bytes.length };
      listing.push({ type: "file", path, size: 130, lfs });
      const etag = `"${lfs.oid}"`;
      server.files.set(`/${repository}/resolve/main/${path}`, { bytes, etag });
    },
    fetched: () =>
      server.log.filter(({ path }) => !path.startsWith("/api/"))
        .map(({ path, range }) => range ?? path),
    async [Symbol.asyncDispose](): Promise<void> {
      await server[Symbol.asyncDispose]();
      await Deno.remove(folder, { recursive: true });
    },
  };
}

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
    code: "ERR_MODEL_NOT_FOUND",
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
    code: "ERR_MODEL_CORRUPT",
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
  stage.put(NAME, BYTES);
  const wrong = new Uint8Array(WORLD_VOCABULARY.size);
  server.files.set("/vocabulary.txt", { bytes: wrong });
  await assertRejects(() => pull(cache, parseReference("0.1b"), options), {
    code: "ERR_MODEL_CORRUPT",
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

Deno.test("planPull finds the newest official file of a size", async () => {
  await using stage = await scene();
  stage.put("rwkv7-g1a-0.1b-20250728-ctx4096.pth", OTHER);
  stage.put(NAME, BYTES);
  const { id, source, files } = await planPull(
    parseReference("0.1b"),
    stage.options,
  );
  assertEquals([id, source], [ID, `hf:${REPOSITORY}/${NAME}`]);
  assertEquals(files.map(({ name }) => name), [WORLD_VOCABULARY.name, NAME]);
});

Deno.test("pull takes every part that an index names", async () => {
  await using stage = await scene();
  const { cache, options } = stage;
  const names = [
    "model-00001-of-2.safetensors",
    "model-00002-of-2.safetensors",
  ];
  const index = new TextEncoder().encode(
    JSON.stringify({ weight_map: { a: names[0], b: names[1], c: names[0] } }),
  );
  stage.put("model.safetensors.index.json", index, "me/parts");
  stage.put(names[0], BYTES, "me/parts");
  stage.put(names[1], OTHER, "me/parts");
  const { id, files } = await planPull(
    parseReference("hf:me/parts"),
    options,
  );
  assertEquals(id, "parts");
  assertEquals(
    files.map(({ name, sha256 }) => [name, sha256]),
    [
      [WORLD_VOCABULARY.name, WORLD_VOCABULARY.sha256],
      [names[0], sha256(BYTES)],
      [names[1], sha256(OTHER)],
      ["model.safetensors.index.json", sha256(index)],
    ],
  );
  // The vocabulary cannot be had here, so the pull ends at it.
  await assertRejects(
    () => pull(cache, parseReference("hf:me/parts"), options),
    { message: /vocabulary\.txt: there is no such file/ },
  );
});

Deno.test("pull of a URL checks --sha256 and refuses what is no file of weights", async () => {
  await using stage = await scene();
  const { cache, options, server } = stage;
  server.files.set("/some/x.gguf", { bytes: BYTES });
  const reference = parseReference(new URL("/some/x.gguf", server.url).href);
  await assertRejects(
    () => pull(cache, reference, { ...options, sha256: sha256(OTHER) }),
    { code: "ERR_MODEL_CORRUPT" },
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

Deno.test("pull says what a repository has instead of the file asked for", async () => {
  await using stage = await scene();
  const { cache, options } = stage;
  stage.put("a.gguf", BYTES, "me/many");
  stage.put("b.gguf", BYTES, "me/many");
  const from = (text: string) => () =>
    pull(cache, parseReference(text), options);
  await assertRejects(from("hf:me/many"), { message: /a\.gguf, b\.gguf$/ });
  await assertRejects(from("hf:me/many/c.gguf"), { message: /has no c\.gguf/ });
  await assertRejects(from("hf:me/none"), { code: "ERR_MODEL_NOT_FOUND" });
  stage.put("rwkv7-g1d-0.4b-20260210-ctx8192.pth", BYTES);
  await assertRejects(from("7.2b"), { message: /no model of 7\.2B now/ });
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
      code: "ERR_MODEL_NOT_FOUND",
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
      lfs: { oid: ID.length.toString(16).padStart(64, "0"), size: 2 ** 52 },
    }]);
  await assertRejects(() => pull(cache, GGUF, options), {
    message: /4500 TB are missing and .* are free/,
  });
});
