import { assertEquals, assertRejects } from "@std/assert";
import { planPull } from "../../src/hub/download_plan.ts";
import { pull } from "../../src/hub/pull_model.ts";
import { WORLD_VOCABULARY } from "../../src/hub/official_models.ts";
import { parseReference } from "../../src/hub/model_reference.ts";
import { BYTES, OTHER, REPOSITORY, scene, sha256 } from "./model_scene.ts";

const NAME = "rwkv7-g1d-0.1b-20260129-ctx8192.pth";
const ID = NAME.replace(".pth", "");

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

Deno.test("planPull takes every part that an index names", async () => {
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

Deno.test("planPull says what a repository has instead of the file asked for", async () => {
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

Deno.test("planPull takes what a repository says of the model along", async () => {
  await using stage = await scene();
  const { options } = stage;
  for (
    const name of [
      "model.safetensors",
      "chat_template.jinja",
      "tokenizer_config.json",
      "generation_config.json",
      "tools_generation_config.json",
      "tokenizer.json",
      "other/config.json",
    ]
  ) stage.put(name, BYTES, "me/said");
  const { files } = await planPull(parseReference("hf:me/said"), options);
  assertEquals(files.map(({ name }) => name), [
    WORLD_VOCABULARY.name,
    "chat_template.jinja",
    "generation_config.json",
    "tokenizer.json",
    "tokenizer_config.json",
    "tools_generation_config.json",
    "model.safetensors",
  ]);
});

Deno.test("planPull names a model after its folder where its file has no name of its own", async () => {
  await using stage = await scene();
  const { options } = stage;
  const repository = "rwkv-rs/rwkv7-g1-st";
  const folder = "rwkv7-g1h-0.4b-20260710-ctx10240";
  for (const name of ["model.safetensors", "generation_config.json"]) {
    stage.put(`${folder}/${name}`, BYTES, repository);
  }
  const { id, files } = await planPull(
    parseReference(`hf:${repository}/${folder}/model.safetensors`),
    options,
  );
  // Its generation is in that name.
  assertEquals(id, folder);
  assertEquals(files.map(({ name }) => name), [
    WORLD_VOCABULARY.name,
    "generation_config.json",
    "model.safetensors",
  ]);
});
