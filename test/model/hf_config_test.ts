import { assertRejects, assertThrows } from "@std/assert";
import { join } from "@std/path";
import { expectUsualConfig } from "../../src/model/hf_config.ts";
import { openFiles } from "../../src/hub/model_files.ts";

/** As fla-hub has it. */
const FLA = {
  model_type: "rwkv7",
  architectures: ["RWKV7ForCausalLM"],
  attn: null,
  hidden_act: "sqrelu",
  head_dim: 64,
  hidden_size: 768,
  norm_eps: 1e-5,
  norm_first: true,
  norm_bias: true,
  tie_word_embeddings: false,
};

function read(changes: object): () => void {
  return () =>
    expectUsualConfig(JSON.stringify({ ...FLA, ...changes }), "config.json");
}

Deno.test("expectUsualConfig() takes what RWKV-7 models say of themselves", () => {
  read({})();
  read({ norm_eps: 0.00001, layer_norm_epsilon: 1.0000000116860974e-05 })();
  read({ norm_eps: undefined, head_dim: undefined, head_size: 64 })();
  const open = Object.keys(FLA).map((field) => [field, null]);
  read({ ...Object.fromEntries(open), model_type: "rwkv7" })();
  read({ model_type: "llama", norm_eps: 1e-6, hidden_act: "silu" })();
});

Deno.test("expectUsualConfig() refuses other maths, naming the field", () => {
  for (
    const [field, value, expected] of [
      ["norm_eps", 1e-6, "1e-5"],
      ["norm_eps", 0, "1e-5"],
      ["layer_norm_epsilon", 1e-3, "1e-5"],
      ["head_dim", 128, "64"],
      ["head_size", 32, "64"],
      ["hidden_act", "swish", "sqrelu"],
      ["norm_first", false, "true"],
      ["attn", { layers: [1], num_heads: 2 }, "null"],
      ["tie_word_embeddings", true, "false"],
    ] as const
  ) {
    assertThrows(read({ [field]: value }), {
      code: "ERR_MODEL_UNSUPPORTED",
      message: new RegExp(
        `^Cannot load the model of config\\.json: its ${field} is .*, and ` +
          `RWKV-7 has ${expected}`,
      ),
    });
  }
  assertThrows(() => expectUsualConfig("[", "config.json"), {
    code: "ERR_MODEL_CORRUPT",
  });
  assertThrows(read({ norm_eps: "1e-5" }), {
    code: "ERR_MODEL_CORRUPT",
    message: /config\.json: its norm_eps is of another type/,
  });
});

Deno.test("openFiles() reads the config.json beside safetensors", async () => {
  const folder = await Deno.makeTempDir();
  try {
    for (const name of ["model.safetensors", "vocab.txt"]) {
      await Deno.writeTextFile(join(folder, name), "");
    }
    const config = join(folder, "config.json");
    await Deno.writeTextFile(config, JSON.stringify(FLA));
    await using _ = await openFiles(folder);
    await Deno.writeTextFile(
      config,
      JSON.stringify({ ...FLA, norm_eps: 1e-6 }),
    );
    await assertRejects(() => openFiles(folder), {
      code: "ERR_MODEL_UNSUPPORTED",
      message: /config\.json: its norm_eps is 0\.000001, and RWKV-7 has 1e-5$/,
    });
    await Deno.remove(config);
    await Deno.mkdir(config);
    await assertRejects(() => openFiles(folder), {
      code: "ERR_MODEL_CORRUPT",
      message: /^Cannot read .*config\.json: Is a directory/,
    });
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
});
