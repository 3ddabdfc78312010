import { assertEquals, assertRejects } from "@std/assert";
import { randomTensors } from "../support/models/random_model.ts";
import { generationOf } from "../../src/chat/model_generation.ts";
import { readGgufModel } from "../../src/model/gguf/gguf_model.ts";
import { openFiles } from "../../src/hub/model_files.ts";
import { bytesSource } from "../../src/model/byte_source.ts";
import {
  readSettings,
  type SettingsFile,
} from "../../src/model/settings_files.ts";
import { readTokenizerConfig } from "../../src/model/template_source.ts";
import {
  type Key,
  llamaKeys,
  llamaTensors,
  writeGguf,
} from "../support/models/write_gguf.ts";

const EMBEDDED = new URL("../../models/gosling/", import.meta.url);
const END = "<|rwkv_tokenizer_end_of_text|>";

Deno.test("readTokenizerConfig() finds the template that is meant", () => {
  const find = (config: unknown) =>
    readTokenizerConfig(JSON.stringify(config), "c.json").template;
  assertEquals(find({ chat_template: "a" }), "a");
  const named = [{ name: "tool_use", template: "t" }];
  assertEquals(find({ chat_template: named }), undefined);
  const several = [...named, { name: "default", template: "d" }];
  assertEquals(find({ chat_template: several }), "d");
  for (const other of [{}, { chat_template: null }]) {
    assertEquals(find(other), undefined);
  }
  assertEquals(readTokenizerConfig("", "c.json").template, undefined);
});

Deno.test("files beside the weights that cannot mean what they say are refused, by their fields", async () => {
  const read = async (file: SettingsFile, text: string) =>
    await readSettings(
      (name) => Promise.resolve(name === file ? text : undefined),
      { pathOf: (name) => `m/${name}`, gguf: false, names: [] },
    );
  for (
    const [file, text, found] of [
      ["tokenizer_config.json", "{", "it is not JSON"],
      ["tokenizer_config.json", "[]", "it is not an object"],
      ["tokenizer_config.json", "null", "it is not an object"],
      [
        "tokenizer_config.json",
        '{"chat_template": 3}',
        "its chat_template is 3",
      ],
      [
        "tokenizer_config.json",
        '{"chat_template": [{"name": "default"}]}',
        'its chat_template is [{"name":"default"}]',
      ],
      [
        "tokenizer_config.json",
        '{"add_bos_token": "yes"}',
        'its add_bos_token is "yes", and true or false is expected',
      ],
      ["tokenizer_config.json", '{"eos_token": 0}', "its eos_token is 0"],
      ["generation_config.json", "no", "it is not JSON"],
      [
        "generation_config.json",
        '{"temperature": "hot"}',
        'its temperature is "hot", and a number is expected',
      ],
      [
        "generation_config.json",
        '{"stop_strings": [1]}',
        "its stop_strings is [1]",
      ],
      [
        "generation_config.json",
        '{"eos_token_id": -1}',
        "its eos_token_id is -1",
      ],
      [
        "tools_generation_config.json",
        '{"do_sample": 1}',
        "its do_sample is 1",
      ],
    ] as const
  ) {
    await assertRejects(() => read(file, text), {
      code: "ERR_MODEL_CORRUPT",
      message: new RegExp(`^Cannot read m/${file}: `),
    });
    await assertRejects(() => read(file, text), Error, found);
  }
  // The mark that some editors write is no part of them.
  const { bos } = await read(
    "tokenizer_config.json",
    '\uFEFF{"add_bos_token": true}',
  );
  assertEquals(bos, true);
  const { template } = await read("chat_template.jinja", "\uFEFFtext");
  assertEquals(template?.source, "text");
});

Deno.test("readTokenizerConfig() reads special tokens in both of their forms, and null as not said", () => {
  const read = (config: unknown) =>
    readTokenizerConfig(JSON.stringify(config), "c.json");
  assertEquals(read({ bos_token: { content: "<s>" }, eos_token: "\n\n" }), {
    specials: { bos: "<s>", eos: "\n\n", ids: new Map() },
  });
  const added = { added_tokens_decoder: { 0: { content: "<s>" }, x: "y" } };
  assertEquals(read({ ...added, add_bos_token: false }), {
    specials: { bos: END, eos: END, ids: new Map([["<s>", 0]]) },
    bos: false,
  });
  const unset = { bos_token: null, eos_token: null, add_bos_token: null };
  assertEquals(read(unset), {
    specials: { bos: END, eos: END, ids: new Map() },
  });
});

Deno.test("openFiles() takes the template beside the weights, its own file first", async () => {
  const folder = await Deno.makeTempDir();
  for (const file of ["model.safetensors", "vocab.txt"]) {
    await Deno.copyFile(new URL(file, EMBEDDED), `${folder}/${file}`);
  }
  const found = async () => {
    await using files = await openFiles(folder);
    return files.settings?.template?.source;
  };
  assertEquals(await found(), undefined);
  const settings = JSON.stringify({ chat_template: "settings" });
  await Deno.writeTextFile(`${folder}/tokenizer_config.json`, settings);
  assertEquals(await found(), "settings");
  await Deno.writeTextFile(`${folder}/chat_template.jinja`, "own");
  assertEquals(await found(), "own");
  await Deno.remove(folder, { recursive: true });
});

Deno.test("openFiles() reads how to draw, begin and end from a folder, whatever the case of its weights' name", async () => {
  const written: Record<string, unknown> = {
    "tokenizer_config.json": {
      add_bos_token: null,
      added_tokens_decoder: { 300: { content: "<end>" } },
    },
    "tokenizer.json": {
      post_processor: {
        type: "TemplateProcessing",
        single: [{ SpecialToken: { id: "<|endoftext|>" } }, { Sequence: {} }],
      },
    },
    "generation_config.json": {
      temperature: 0.96,
      eos_token_id: [0, 300],
      stop_strings: ["✿"],
    },
    "fake_think_generation_config.json": { temperature: 1 },
    "tools_generation_config.json": { top_k: 7 },
  };
  const generation = {
    decoding: {
      name: "generation_config.json",
      thinking: { temperature: 0.96 },
      plain: { temperature: 1 },
      tools: { top_k: 7 },
    },
    ends: { texts: ["✿"], tokens: [0, 300] },
  };
  for (const name of ["MODEL.PTH", "Model.SafeTensors", "rwkv7-G1H.GGUF"]) {
    const folder = await Deno.makeTempDir();
    for (const [file, value] of Object.entries(written)) {
      await Deno.writeTextFile(`${folder}/${file}`, JSON.stringify(value));
    }
    await Deno.writeTextFile(`${folder}/${name}`, "weights");
    await Deno.writeTextFile(`${folder}/vocab.txt`, "1 'a' 1");
    for (const path of [folder, `${folder}/${name}`]) {
      await using files = await openFiles(path);
      const gguf = name.endsWith("GGUF");
      // What a GGUF file says itself is in it.
      assertEquals(files.vocabulary === undefined, gguf);
      assertEquals(
        files.settings,
        gguf ? generation : {
          bos: true,
          ...generation,
          ends: { texts: ["✿", "<end>"], tokens: [0, 300] },
          names: [name, files.settings?.names?.[1] ?? ""],
        },
      );
    }
    await Deno.remove(folder, { recursive: true });
  }
});

Deno.test("readGgufModel() finds the template of a file that has one", async () => {
  const source = "{{ messages }}";
  const given: Record<string, Key> = {
    ...llamaKeys(300),
    "tokenizer.chat_template": [8, source],
    "tokenizer.ggml.add_bos_token": [7, true],
    "general.name": [8, "Rwkv7 G1h 0.4B"],
  };
  const tensors = randomTensors({ L: 2, D: 128, V: 300 });
  const bytes = writeGguf(given, await llamaTensors(tensors, "F16"));
  const { settings } = await readGgufModel(bytesSource("m.gguf", bytes));
  const { template, bos, names = [] } = settings;
  assertEquals([template?.source, template?.name, bos], [
    source,
    "m.gguf",
    true,
  ]);
  // A file may be called anything; its metadata say what generation it is of.
  assertEquals(generationOf("m", ...names).name, "G1h");
});
