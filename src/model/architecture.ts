/**
 * Recognises, by tensors' names, the RWKV relatives that this program does not
 * run, so that a refusal says what the file is.
 *
 * @module
 */

import { ModelError } from "../errors.ts";

interface Relative {
  readonly sign: RegExp;
  readonly is: string;
}

/** From the most to the least telling sign: the first one present decides. */
const RELATIVES: readonly Relative[] = [
  { sign: /lora_[AB]\b|\.lora\.[01](\.weight)?$/, is: "a LoRA adapter" },
  { sign: /rosa|\.samx/, is: "RWKV-8 ROSA" },
  { sign: /\.qkv\.ennk/, is: "RWKV-8 rc00-hybrid, which has attention" },
  { sign: /\.ffn\.enn\./, is: "RWKV-8 rc00" },
  {
    sign: /\.qkv\./,
    is: "RWKV-7b, whose attention keeps keys, values and token ids of all " +
      "that was read, so that the state grows with the text",
  },
  { sign: /\.att\.time_maa_/, is: "RWKV-6" },
  { sign: /\.att\.(time_faaaa|gate\.weight)/, is: "RWKV-5.2" },
  { sign: /\.att\.(time_first|time_mix_k)/, is: "RWKV-4 or RWKV-5.0" },
  { sign: /\.att\.time_decay/, is: "RWKV-5.1" },
  { sign: /\.ffn\.receptance\./, is: "an RWKV before 7" },
];

/** What every RWKV-7 model has and its nearest relatives lack. */
const REQUIRED: readonly Relative[] = [
  { sign: /\.att\.r_k$/, is: "no RWKV-7 model: it has no att.r_k" },
  { sign: /\.att\.k_k$/, is: "no RWKV-7 model: it has no att.k_k" },
  { sign: /\.att\.g1$/, is: "ARWKV or alike: it has no output gate" },
  { sign: /\.att\.ln_x\./, is: "ARWKV or alike: it has no att.ln_x" },
];

/**
 * Refuses what is not RWKV-7 (x070), with or without DeepEmbed (RWKV-7a).
 *
 * @param names Tensors' names in BlinkDL's spelling.
 * @param file For the message.
 * @throws {ModelError} `ERR_MODEL_UNSUPPORTED`, saying what the file is.
 */
export function expectRwkv7(names: readonly string[], file: string): void {
  const some = ({ sign }: Relative) => names.some((name) => sign.test(name));
  const tuned = names.some((name) => name.endsWith(".att.time_state"));
  const found = tuned && !names.includes("emb.weight")
    ? "an initial state (state tuning), not a model"
    : (RELATIVES.find(some) ?? REQUIRED.find((relative) => !some(relative)))
      ?.is;
  if (found === undefined) return;
  throw new ModelError(
    "ERR_MODEL_UNSUPPORTED",
    `Cannot load ${file}: it is ${found}; RWKV-7 (x070) and RWKV-7a are supported`,
  );
}
