/**
 * Other people's names for RWKV-7's tensors → BlinkDL's: fla-hub's, rwkv-rs's and the
 * second Hugging Face flavour, llama.cpp's. Prefixes that trainers leave are taken
 * off first.
 *
 * @module
 */

import { ModelError } from "../errors.ts";
import type { LoraLayout, NamedTensors } from "./checkpoint_layout.ts";
import { type StoredTensor, volume } from "./stored_tensor.ts";

/** A name's pattern and BlinkDL's name for it, in terms of its groups. */
type Rule = readonly [pattern: RegExp, name: string];

/** https://huggingface.co/fla-hub */
const FLA: readonly Rule[] = [
  [/^model\.embeddings\.weight$/, "emb.weight"],
  [/^lm_head\.weight$/, "head.weight"],
  [/^model\.norm\.(weight|bias)$/, "ln_out.$1"],
  [/^model\.layers\.0\.pre_norm\.(weight|bias)$/, "blocks.0.ln0.$1"],
  [/^model\.layers\.(\d+)\.attn_norm\.(weight|bias)$/, "blocks.$1.ln1.$2"],
  [/^model\.layers\.(\d+)\.ffn_norm\.(weight|bias)$/, "blocks.$1.ln2.$2"],
  [
    /^model\.layers\.(\d+)\.attn\.(x_[rwkvag]|k_k|k_a|r_k)$/,
    "blocks.$1.att.$2",
  ],
  [/^model\.layers\.(\d+)\.attn\.x_x$/, "blocks.$1.att.x_*"],
  [
    /^model\.layers\.(\d+)\.attn\.r_proj\.weight$/,
    "blocks.$1.att.receptance.weight",
  ],
  [/^model\.layers\.(\d+)\.attn\.k_proj\.weight$/, "blocks.$1.att.key.weight"],
  [
    /^model\.layers\.(\d+)\.attn\.v_proj\.weight$/,
    "blocks.$1.att.value.weight",
  ],
  [
    /^model\.layers\.(\d+)\.attn\.o_proj\.weight$/,
    "blocks.$1.att.output.weight",
  ],
  [
    /^model\.layers\.(\d+)\.attn\.g_norm\.(weight|bias)$/,
    "blocks.$1.att.ln_x.$2",
  ],
  [
    /^model\.layers\.(\d+)\.attn\.([wavg])_lora\.lora\.0\.weight$/,
    "blocks.$1.att.$21",
  ],
  [
    /^model\.layers\.(\d+)\.attn\.([wavg])_lora\.lora\.2\.weight$/,
    "blocks.$1.att.$22",
  ],
  [
    /^model\.layers\.(\d+)\.attn\.([wav])_lora\.lora\.2\.bias$/,
    "blocks.$1.att.$20",
  ],
  [
    /^model\.layers\.(\d+)\.ffn\.(x_k|key\.weight|value\.weight)$/,
    "blocks.$1.ffn.$2",
  ],
];

/** `Rwkv7ForCausalLM`, whose parts are named after BlinkDL's. */
const RWKV7_FOR_CAUSAL_LM: readonly Rule[] = [
  [/^model\.embeddings\.weight$/, "emb.weight"],
  [/^(lm_head|head)\.weight$/, "head.weight"],
  [/^model\.pre_ln\.(weight|bias)$/, "blocks.0.ln0.$1"],
  [/^model\.ln_out\.(weight|bias)$/, "ln_out.$1"],
  [/^model\.layers\.(\d+)\.(ln[12]\..+)$/, "blocks.$1.$2"],
  [/^model\.layers\.(\d+)\.attention\.(.+)$/, "blocks.$1.att.$2"],
  [/^model\.layers\.(\d+)\.feed_forward\.(.+)$/, "blocks.$1.ffn.$2"],
];

/** https://github.com/rwkv-rs: its LoRA factors are BlinkDL's own. */
const RWKV_RS: readonly Rule[] = [
  [/^model\.embed_tokens\.weight$/, "emb.weight"],
  [/^lm_head\.weight$/, "head.weight"],
  [/^model\.norm\.(weight|bias)$/, "ln_out.$1"],
  [/^model\.embedding_norm\.(weight|bias)$/, "blocks.0.ln0.$1"],
  [/^model\.layers\.(\d+)\.input_layernorm\.(.+)$/, "blocks.$1.ln1.$2"],
  [
    /^model\.layers\.(\d+)\.post_attention_layernorm\.(.+)$/,
    "blocks.$1.ln2.$2",
  ],
  [
    /^model\.layers\.(\d+)\.linear_attn\.g_norm\.(weight|bias)$/,
    "blocks.$1.att.ln_x.$2",
  ],
  [
    /^model\.layers\.(\d+)\.linear_attn\.r_proj\.weight$/,
    "blocks.$1.att.receptance.weight",
  ],
  [
    /^model\.layers\.(\d+)\.linear_attn\.k_proj\.weight$/,
    "blocks.$1.att.key.weight",
  ],
  [
    /^model\.layers\.(\d+)\.linear_attn\.v_proj\.weight$/,
    "blocks.$1.att.value.weight",
  ],
  [
    /^model\.layers\.(\d+)\.linear_attn\.o_proj\.weight$/,
    "blocks.$1.att.output.weight",
  ],
  [/^model\.layers\.(\d+)\.linear_attn\.(.+)$/, "blocks.$1.att.$2"],
  [
    /^model\.layers\.(\d+)\.mlp\.(?:up_proj|key)\.weight$/,
    "blocks.$1.ffn.key.weight",
  ],
  [
    /^model\.layers\.(\d+)\.mlp\.(?:down_proj|value)\.weight$/,
    "blocks.$1.ffn.value.weight",
  ],
  [/^model\.layers\.(\d+)\.mlp\.(.+)$/, "blocks.$1.ffn.$2"],
];

/** What compilers and trainers put before a name, or into it. */
const WRAPPER =
  /^(?:(?:module|_forward_module|_orig_mod)\.)+|(?<=\.)_orig_mod\./g;

/** Parts of the models that Hugging Face's classes put under `model.`. */
const UNDER_MODEL =
  /^(?=(?:layers|embeddings|embed_tokens|embedding_norm|norm|pre_ln|ln_out)\.)/;

/** llama.cpp's `rwkv7`. */
const LLAMA: readonly Rule[] = [
  [/^token_embd\.weight$/, "emb.weight"],
  [/^output\.weight$/, "head.weight"],
  [/^token_embd_norm\.(weight|bias)$/, "blocks.0.ln0.$1"],
  [/^output_norm\.(weight|bias)$/, "ln_out.$1"],
  [/^blk\.(\d+)\.attn_norm\.(weight|bias)$/, "blocks.$1.ln1.$2"],
  [/^blk\.(\d+)\.attn_norm_2\.(weight|bias)$/, "blocks.$1.ln2.$2"],
  [/^blk\.(\d+)\.time_mix_lerp_fused\.weight$/, "blocks.$1.att.x_*"],
  [
    /^blk\.(\d+)\.time_mix_([wav][012]|g[12]|k_[ka]|r_k)\.weight$/,
    "blocks.$1.att.$2",
  ],
  [/^blk\.(\d+)\.time_mix_ln\.(weight|bias)$/, "blocks.$1.att.ln_x.$2"],
  [
    /^blk\.(\d+)\.time_mix_(receptance|key|value|output)\.weight$/,
    "blocks.$1.att.$2.weight",
  ],
  [/^blk\.(\d+)\.channel_mix_lerp_k\.weight$/, "blocks.$1.ffn.x_k"],
  [/^blk\.(\d+)\.channel_mix_(key|value)\.weight$/, "blocks.$1.ffn.$2.weight"],
];

/** What {@linkcode blinkdlNames} found. */
export interface Renamed {
  /** By BlinkDL's names. */
  readonly tensors: NamedTensors;
  /** How LoRA matrices are stored, where the naming says it. */
  readonly lora?: LoraLayout;
}

/**
 * Recognises whose names these are and gives BlinkDL's. A tensor that no rule
 * knows keeps its name, for whoever checks them to refuse it.
 *
 * @param file For messages.
 * @throws {ModelError} `ERR_MODEL_CORRUPT` if two tensors are the same one.
 */
export function blinkdlNames(
  given: ReadonlyMap<string, StoredTensor>,
  file: string,
): Renamed {
  const tensors = unwrapped(given, file);
  const some = (sign: RegExp) =>
    [...tensors.keys()].some((name) => sign.test(name));
  const rename = (rules: readonly Rule[]) => renamed(tensors, rules, file);
  if (some(/^blk\.\d+\./)) {
    return { tensors: rename(LLAMA), lora: "out-in" };
  }
  if (some(/^model\.layers\.\d+\.attn\./)) {
    return { tensors: rename(FLA), lora: "out-in" };
  }
  if (some(/^model\.layers\.\d+\.linear_attn\./)) {
    return { tensors: rename(RWKV_RS), lora: "in-out" };
  }
  if (some(/^model\.layers\.\d+\.attention\./)) {
    return { tensors: rename(RWKV7_FOR_CAUSAL_LM), lora: "in-out" };
  }
  return { tensors };
}

/** Names without what wraps them, and under `model.` where all others are. */
function unwrapped(
  tensors: ReadonlyMap<string, StoredTensor>,
  file: string,
): ReadonlyMap<string, StoredTensor> {
  const names = [...tensors.keys()].map((name) => name.replace(WRAPPER, ""));
  const flat = names.some((name) => /^layers\.\d+\./.test(name));
  const { found, add } = collector(file);
  for (const [i, tensor] of [...tensors.values()].entries()) {
    const name = names[i] ?? "";
    add(flat ? name.replace(UNDER_MODEL, "model.") : name, tensor);
  }
  return found;
}

/** Tensors by names that no two of them may have. */
function collector(file: string): {
  readonly found: Map<string, StoredTensor>;
  readonly add: (name: string, tensor: StoredTensor) => void;
} {
  const found = new Map<string, StoredTensor>();
  const add = (name: string, tensor: StoredTensor) => {
    const other = found.get(name);
    if (other !== undefined) {
      throw new ModelError(
        "ERR_MODEL_CORRUPT",
        `Cannot load ${file}: tensors ${other.name} and ${tensor.name} are ` +
          `both ${name}`,
      );
    }
    found.set(name, tensor);
  };
  return { found, add };
}

function renamed(
  tensors: ReadonlyMap<string, StoredTensor>,
  rules: readonly Rule[],
  file: string,
): Map<string, StoredTensor> {
  const { found, add } = collector(file);
  for (const [name, tensor] of tensors) {
    const rule = rules.find(([pattern]) => pattern.test(name));
    const to = rule ? name.replace(...rule) : name;
    if (to.endsWith(".x_*")) {
      Array.from("rwkvag", (x, i) => {
        add(to.replace("*", x), partOfStack(tensor, i, 6));
      });
    } else add(to, tensor);
  }
  return found;
}

/** One of the equal parts of a stack. */
function partOfStack(
  stack: StoredTensor,
  index: number,
  parts: number,
): StoredTensor {
  const length = Math.floor(volume(stack.shape) / parts);
  return {
    ...stack,
    shape: stack.shape[0] === parts ? stack.shape.slice(1) : stack.shape,
    values: (from, to) =>
      stack.values(index * length + from, index * length + to),
  };
}
