/**
 * The tensors of an official file as other people's converters write them.
 *
 * @module
 */

import { type StoredTensor, volume } from "../../src/model/stored_tensor.ts";

type Rule = readonly [pattern: RegExp, name: string];

const FLA: readonly Rule[] = [
  [/^emb\./, "model.embeddings."],
  [/^head\./, "lm_head."],
  [/^ln_out\./, "model.norm."],
  [/^blocks\.0\.ln0\./, "model.layers.0.pre_norm."],
  [/^blocks\.(\d+)\.ln1\./, "model.layers.$1.attn_norm."],
  [/^blocks\.(\d+)\.ln2\./, "model.layers.$1.ffn_norm."],
  [/^blocks\.(\d+)\.att\.receptance\./, "model.layers.$1.attn.r_proj."],
  [/^blocks\.(\d+)\.att\.key\./, "model.layers.$1.attn.k_proj."],
  [/^blocks\.(\d+)\.att\.value\./, "model.layers.$1.attn.v_proj."],
  [/^blocks\.(\d+)\.att\.output\./, "model.layers.$1.attn.o_proj."],
  [/^blocks\.(\d+)\.att\.ln_x\./, "model.layers.$1.attn.g_norm."],
  [
    /^blocks\.(\d+)\.att\.([wav])0$/,
    "model.layers.$1.attn.$2_lora.lora.2.bias",
  ],
  [
    /^blocks\.(\d+)\.att\.([wavg])1$/,
    "model.layers.$1.attn.$2_lora.lora.0.weight",
  ],
  [
    /^blocks\.(\d+)\.att\.([wavg])2$/,
    "model.layers.$1.attn.$2_lora.lora.2.weight",
  ],
  [/^blocks\.(\d+)\.att\./, "model.layers.$1.attn."],
  [/^blocks\.(\d+)\.ffn\./, "model.layers.$1.ffn."],
];

const SECOND: readonly Rule[] = [
  [/^emb\./, "model.embeddings."],
  [/^head\./, "lm_head."],
  [/^ln_out\./, "model.ln_out."],
  [/^blocks\.0\.ln0\./, "model.pre_ln."],
  [/^blocks\.(\d+)\.att\./, "model.layers.$1.attention."],
  [/^blocks\.(\d+)\.ffn\./, "model.layers.$1.feed_forward."],
  [/^blocks\.(\d+)\./, "model.layers.$1."],
];

const LORA = /^blocks\.\d+\.att\.[wavg][12]$/;
const UNUSED = /^blocks\.0\.att\.v[012]$/;

/** fla-hub's: LoRA matrices turned, vectors flat, none for the first values. */
export function flaTensors(
  tensors: readonly StoredTensor[],
): StoredTensor[] {
  return webRwkvTensors(tensors)
    .filter(({ name }) => !UNUSED.test(name))
    .map((tensor) => renamed(flat(tensor), FLA));
}

/** fla-hub's of an earlier day: the six mixes of a layer in one tensor. */
export function oldFlaTensors(
  tensors: readonly StoredTensor[],
): StoredTensor[] {
  const mixes = Map.groupBy(
    tensors.filter(({ name }) => /att\.x_[rwkvag]$/.test(name)),
    ({ name }) => name.split(".")[1],
  );
  return [
    ...flaTensors(tensors).filter(({ name }) => !/attn\.x_/.test(name)),
    ...Array.from(mixes, ([layer, parts]) => ({
      name: `model.layers.${layer}.attn.x_x`,
      type: "F32",
      shape: [6, ...parts[0].shape],
      async values(from: number, to: number) {
        const all = await Promise.all(
          parts.map(({ shape, values }) => values(0, volume(shape))),
        );
        return Float32Array.from(all.flatMap((part) => [...part]))
          .slice(from, to);
      },
    })),
  ];
}

/** The second Hugging Face flavour's. */
export function secondTensors(
  tensors: readonly StoredTensor[],
): StoredTensor[] {
  return tensors.filter(({ name }) => !UNUSED.test(name))
    .map((tensor) => renamed(tensor, SECOND));
}

/** rwkv-rs's: LoRA matrices as they are, vectors flat. */
const RWKV_RS: readonly Rule[] = [
  [/^emb\./, "model.embed_tokens."],
  [/^head\./, "lm_head."],
  [/^ln_out\./, "model.norm."],
  [/^blocks\.0\.ln0\./, "model.embedding_norm."],
  [/^blocks\.(\d+)\.ln1\./, "model.layers.$1.input_layernorm."],
  [/^blocks\.(\d+)\.ln2\./, "model.layers.$1.post_attention_layernorm."],
  [
    /^blocks\.(\d+)\.att\.receptance\./,
    "model.layers.$1.linear_attn.r_proj.",
  ],
  [/^blocks\.(\d+)\.att\.key\./, "model.layers.$1.linear_attn.k_proj."],
  [/^blocks\.(\d+)\.att\.value\./, "model.layers.$1.linear_attn.v_proj."],
  [/^blocks\.(\d+)\.att\.output\./, "model.layers.$1.linear_attn.o_proj."],
  [/^blocks\.(\d+)\.att\.ln_x\./, "model.layers.$1.linear_attn.g_norm."],
  [/^blocks\.(\d+)\.att\./, "model.layers.$1.linear_attn."],
  [/^blocks\.(\d+)\.ffn\.key\./, "model.layers.$1.mlp.up_proj."],
  [/^blocks\.(\d+)\.ffn\.value\./, "model.layers.$1.mlp.down_proj."],
  [/^blocks\.(\d+)\.ffn\./, "model.layers.$1.mlp."],
];

/** rwkv-rs's release; with `older`, as its first files call the feed-forward. */
export function rwkvRsTensors(
  tensors: readonly StoredTensor[],
  older = false,
): StoredTensor[] {
  return tensors.filter(({ name }) => !UNUSED.test(name)).map((tensor) => {
    const { name, ...rest } = flat(renamed(tensor, RWKV_RS));
    return {
      ...rest,
      name: older
        ? name.replace("up_proj", "key").replace("down_proj", "value")
        : name,
    };
  });
}

/** Under other names. */
export function wrappedTensors(
  tensors: readonly StoredTensor[],
  wrap: (name: string) => string,
): StoredTensor[] {
  return tensors.map((tensor) => ({ ...tensor, name: wrap(tensor.name) }));
}

/** web-rwkv's `.st`: LoRA matrices turned. */
export function webRwkvTensors(
  tensors: readonly StoredTensor[],
): StoredTensor[] {
  return tensors.map((tensor) =>
    LORA.test(tensor.name) ? turned(tensor) : tensor
  );
}

function renamed(tensor: StoredTensor, rules: readonly Rule[]): StoredTensor {
  const rule = rules.find(([pattern]) => pattern.test(tensor.name));
  return rule ? { ...tensor, name: tensor.name.replace(...rule) } : tensor;
}

function flat(tensor: StoredTensor): StoredTensor {
  const { name, shape } = tensor;
  return /\.x_.$/.test(name) || shape.length < 3
    ? tensor
    : { ...tensor, shape: shape.slice(2) };
}

/** The transpose. */
export function turned(tensor: StoredTensor): StoredTensor {
  const [rows, columns] = tensor.shape;
  return {
    ...tensor,
    shape: [columns, rows],
    async values(from, to): Promise<Float32Array<ArrayBuffer>> {
      const all = await tensor.values(0, rows * columns);
      return all
        .map((_, i) => all[(i % rows) * columns + Math.floor(i / rows)])
        .slice(from, to);
    },
  };
}
