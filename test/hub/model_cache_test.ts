import { assertEquals, assertRejects, assertThrows } from "@std/assert";
import { join } from "@std/path";
import { ModelCache } from "../../src/hub/model_cache.ts";
import { modelsFolder } from "../../src/hub/models_folder.ts";
import { formatBytes, formatTable } from "../../src/text/format_units.ts";
import { resolveModel } from "../../src/hub/resolve_model.ts";

const MANIFEST = {
  version: 1,
  source: "hf:a/b/c.gguf",
  pulled: "2026-01-01T00:00:00.000Z",
  files: [{
    name: "c.gguf",
    url: "https://x.test/c.gguf",
    size: 1,
    sha256: "0".repeat(64),
    checked: true,
  }],
} as const;

async function withCache(
  work: (cache: ModelCache) => Promise<void>,
): Promise<void> {
  const folder = await Deno.makeTempDir();
  try {
    await work(new ModelCache(join(folder, "models")));
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

async function put(cache: ModelCache, id: string): Promise<void> {
  await Deno.mkdir(cache.pathOf(id), { recursive: true });
  await cache.write(id, { ...MANIFEST, files: [...MANIFEST.files] });
}

Deno.test("ModelCache lists nothing where there is no folder", () =>
  withCache(async (cache) => assertEquals(await cache.list(), [])));

Deno.test("ModelCache finds a model by its name, and the newest by its size", () =>
  withCache(async (cache) => {
    await put(cache, "rwkv7-g1a-0.4b-20250905-ctx4096");
    await put(cache, "rwkv7-g1d-0.4b-20260210-ctx8192");
    await put(cache, "mine");
    await Deno.mkdir(cache.pathOf("rwkv7-g1i-0.4b-20270101-ctx8192"));
    const found = async (name: string) => (await cache.find(name)).id;
    assertEquals(await found("mine"), "mine");
    assertEquals(await found("0.4B"), "rwkv7-g1d-0.4b-20260210-ctx8192");
    await assertRejects(() => cache.find("1.5b"), {
      code: "ERR_MODEL_NOT_FOUND",
      message: /has mine, rwkv7-g1a.*; deno task model pull/,
    });
  }));

Deno.test("ModelCache removes a model, and says when there is none", () =>
  withCache(async (cache) => {
    await put(cache, "mine");
    await cache.remove("mine");
    assertEquals(await cache.list(), []);
    await assertRejects(() => cache.remove("mine"), {
      code: "ERR_MODEL_NOT_FOUND",
    });
  }));

Deno.test("ModelCache takes no name that leads elsewhere", () =>
  withCache((cache) => {
    for (const id of ["", ".", "..", "../x", "a/b", "a\\b", ".locks"]) {
      assertThrows(() => cache.pathOf(id), { code: "ERR_CONFIG_INVALID" });
    }
    return Promise.resolve();
  }));

Deno.test("ModelCache says that model.json is damaged", () =>
  withCache(async (cache) => {
    await put(cache, "mine");
    const path = join(cache.pathOf("mine"), "model.json");
    for (const text of ["{", '{"version":2}']) {
      await Deno.writeTextFile(path, text);
      await assertRejects(() => cache.read("mine"), {
        code: "ERR_MODEL_CORRUPT",
      });
    }
  }));

Deno.test("modelsFolder goes by GOSLING_MODELS, then by the system", () => {
  const folder = (vars: Record<string, string>, os: typeof Deno.build.os) =>
    modelsFolder((name) => vars[name], os);
  assertEquals(folder({ GOSLING_MODELS: "/m", HOME: "/h" }, "linux"), "/m");
  assertEquals(folder({ HOME: "/h" }, "linux"), "/h/.cache/gosling/models");
  assertEquals(
    folder({ HOME: "/h", XDG_CACHE_HOME: "/c" }, "linux"),
    "/c/gosling/models",
  );
  assertEquals(
    folder({ HOME: "/h" }, "darwin"),
    "/h/Library/Caches/gosling/models",
  );
});

Deno.test("resolveModel takes a path as it is and a name from the cache", () =>
  withCache(async (cache) => {
    await put(cache, "mine");
    const env = (name: string) =>
      name === "GOSLING_MODELS" ? cache.folder : undefined;
    assertEquals(await resolveModel("mine", env), cache.pathOf("mine"));
    assertEquals(await resolveModel("./mine", env), "./mine");
    assertEquals(await resolveModel("no.gguf", env), "no.gguf");
    assertEquals(await resolveModel("src", env), "src");
    await assertRejects(() => resolveModel("yours", env), {
      code: "ERR_MODEL_NOT_FOUND",
      message: /^Cannot find a model yours: /,
    });
  }));

Deno.test("bytes has three digits and a unit", () => {
  assertEquals(
    [0, 999, 1000, 999_499, 999_600, 45_600_000, 2 ** 32].map(formatBytes),
    ["0 B", "999 B", "1 kB", "999 kB", "1 MB", "45.6 MB", "4.29 GB"],
  );
});

Deno.test("table aligns columns", () => {
  assertEquals(formatTable([["a", "1"], ["bcd", "23"]]), "a     1\nbcd  23\n");
});
