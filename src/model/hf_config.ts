/**
 * `config.json` as Hugging Face's models have it. Sizes are read from the tensors;
 * what decides the maths beyond them is refused where it is not RWKV-7's own.
 *
 * @module
 */

import { z } from "zod";
import { ModelError } from "../errors.ts";
import { N } from "./shape.ts";

const Config = z.object({
  model_type: z.string().nullish(),
  norm_eps: z.number().nullish(),
  layer_norm_epsilon: z.number().nullish(),
  head_dim: z.number().nullish(),
  head_size: z.number().nullish(),
  hidden_act: z.string().nullish(),
  norm_first: z.boolean().nullish(),
  attn: z.unknown().optional(),
  tie_word_embeddings: z.boolean().nullish(),
});

/** What each field has to say, in fla-hub's models and in those of others. */
const RULES: readonly (readonly [
  field: keyof z.output<typeof Config>,
  fits: (value: unknown) => boolean,
  expected: string,
])[] = [
  // Group norm's is this, times the size of a head, in all of them.
  ["norm_eps", isEpsilon, "1e-5"],
  ["layer_norm_epsilon", isEpsilon, "1e-5"],
  ["head_dim", (size) => size === N, `${N}`],
  ["head_size", (size) => size === N, `${N}`],
  ["hidden_act", (name) => name === "sqrelu" || name === "relu2", "sqrelu"],
  ["norm_first", (first) => first === true, "true"],
  ["attn", () => false, "null: it has no attention of that kind"],
  ["tie_word_embeddings", (tied) => tied === false, "false"],
];

/**
 * Refuses a model whose maths is another than RWKV-7's. A file that is of another
 * kind says nothing about it.
 *
 * @param json The file.
 * @param name For messages.
 * @throws {ModelError} `ERR_MODEL_UNSUPPORTED` naming the field.
 */
export function expectUsualConfig(json: string, name: string): void {
  let config: z.output<typeof Config>;
  try {
    config = Config.parse(JSON.parse(json));
  } catch (cause) {
    const [field] = cause instanceof z.ZodError
      ? cause.issues[0]?.path ?? []
      : [];
    const found = field === undefined
      ? "it is not the configuration of a model"
      : `its ${String(field)} is of another type than it should be`;
    throw new ModelError(
      "ERR_MODEL_CORRUPT",
      `Cannot read ${name}: ${found}`,
      { cause },
    );
  }
  if (!/^rwkv_?7/i.test(config.model_type ?? "")) return;
  for (const [field, fits, expected] of RULES) {
    const value = config[field];
    // `null` is how settings leave a field open.
    if (value === undefined || value === null || fits(value)) continue;
    throw new ModelError(
      "ERR_MODEL_UNSUPPORTED",
      `Cannot load the model of ${name}: its ${field} is ` +
        `${JSON.stringify(value)}, and RWKV-7 has ${expected}`,
    );
  }
}

function isEpsilon(value: unknown): boolean {
  return typeof value === "number" && Math.fround(value) === Math.fround(1e-5);
}
