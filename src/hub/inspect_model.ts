/**
 * What a model is, from its tables of contents: no weight is read.
 *
 * @module
 */

import { basename } from "@std/path";
import { ModelError } from "../errors.ts";
import {
  type ConversationOptions,
  openConversation,
} from "../chat/conversation_form.ts";
import { jinjaThread } from "../chat/template/jinja_thread.ts";
import { canonical } from "../model/canonical_checkpoint.ts";
import {
  type Checkpoint,
  parameters,
  type Sizes,
} from "../model/checkpoint.ts";
import { type ModelTensors, readTensors } from "../model/file_format.ts";
import { isWorld } from "./official_models.ts";
import { bytesOf, type LocalModel, namesOf } from "./model_files.ts";
import { openTokenizer } from "../model/open_model.ts";
import type { ModelSettings } from "../model/model_settings.ts";
import { stateLength } from "../model/shape.ts";
import { BYTES_PER_VALUE } from "../model/stored_tensor.ts";
import { CODEC_NAMES, encodedSize } from "../state/codec.ts";
import type { Tokenizer } from "../text/tokenizer.ts";
import { formatBytes, formatCount, formatTable } from "../text/format_units.ts";
import { QUANTIZATIONS } from "../device/device.ts";
import { WASM_BYTES } from "../device/wasm/memory_layout.ts";
import { wasmDevice } from "../device/wasm/wasm_device.ts";
import { webgpuMemory } from "../device/webgpu/model_memory.ts";

/** Reads a model's sizes and the type of its matrices. */
export async function readShape(
  { weights }: Pick<LocalModel, "weights">,
): Promise<Sizes> {
  return sizesOf({ weights }, await readTensors(weights));
}

/** The same, from tables of contents that have been read. */
export function sizesOf(
  { weights: [{ name }] }: Pick<LocalModel, "weights">,
  { tensors, lora }: ModelTensors,
): Sizes {
  const { read: _, ...sizes } = canonical(tensors, name, lora);
  return sizes;
}

function vocabularyWords(
  tokenizer: Tokenizer,
  { vocabulary }: LocalModel,
): string {
  const { size, digest } = tokenizer;
  const where = vocabulary === undefined
    ? "inside"
    : `in ${basename(vocabulary.name)}`;
  const which = isWorld(tokenizer)
    ? "the World vocabulary"
    : `not World: ${digest.toHex().slice(0, 16)}…`;
  return `${formatCount(size)} tokens ${where}, ${which}`;
}

/** What the operator chose of how a model converses. */
type Chosen = Pick<ConversationOptions, "form" | "bos">;

/**
 * Describes a model: sizes, parameters, what its states take by codec, and the
 * memory it needs on each device.
 *
 * @param lanes Those of the settings.
 * @param spare Lanes besides.
 * @param threads Of the wasm device; its own choice by default.
 * @param form The chat form that the operator chose, and `bos` how texts begin.
 */
export async function describe(
  files: LocalModel,
  { lanes, spare, threads, form, bos: chosenBos }: {
    lanes: number;
    spare: number;
    threads?: number | undefined;
  } & Chosen,
): Promise<string> {
  const found = await readTensors(files.weights);
  const checkpoint = canonical(
    found.tensors,
    files.weights[0].name,
    found.lora,
  );
  const [words, conversation] = await openTokenizer(files, found).then(
    async ({ tokenizer, bos }) =>
      [
        vocabularyWords(tokenizer, files),
        await conversationFacts(files, {
          form,
          bos: chosenBos,
          tokenizer,
          settings: {
            ...(bos !== undefined && { bos }),
            ...found.settings,
            ...files.settings,
          },
        }),
      ] as const,
    (error) => {
      if (error instanceof ModelError) return [error.message, []] as const;
      throw error;
    },
  );
  const { shape, stored, small } = checkpoint;
  const { L, D, H, F, V, ranks, deep } = shape;
  const parts = files.weights.length;
  const facts = [
    ["name", files.id],
    [
      "files",
      `${formatBytes(bytesOf(files))}, weights in ${parts} file${
        parts === 1 ? "" : "s"
      }`,
    ],
    ["stored", small ? `${stored}, LoRA matrices ${small}` : stored],
    ["parameters", formatCount(parameters(shape))],
    ["layers", `${L}`],
    ["width", `${D}, ${H} heads of ${D / H}, feed-forward ${F}`],
    ["vocabulary", `${V} rows; ${words}`],
    ["LoRA ranks", `w ${ranks.w}, a ${ranks.a}, v ${ranks.v}, g ${ranks.g}`],
    ...(deep === undefined ? [] : [["DeepEmbed", deepEmbed(checkpoint, deep)]]),
    ...conversation,
    ["state", `${formatCount(stateLength(shape))} numbers`],
  ];
  const lines = facts.map(([name, value]) => `${name.padEnd(12)}${value}\n`);
  const states = CODEC_NAMES.map((codec) => {
    const size = encodedSize(codec, shape);
    return [`  ${codec}`, size.fixed ? "" : "at most", formatBytes(size.bytes)];
  });
  let beyond = "";
  const wasm = wasmDevice(threads === undefined ? {} : { threads });
  const devices = { webgpu: webgpuMemory, wasm: wasm.memory };
  const memory = Object.entries(devices).map(([kind, memory]) => [
    `  ${kind}`,
    ...QUANTIZATIONS.map((quantization) => {
      const { bytes } = memory(checkpoint, {
        lanes: lanes + spare,
        quantization,
      });
      if (kind === "webgpu" || bytes <= WASM_BYTES) return formatBytes(bytes);
      beyond = `  * more than the ${
        formatBytes(WASM_BYTES)
      } that WebAssembly reaches: this one needs --device webgpu\n`;
      return `${formatBytes(bytes)}*`;
    }),
  ]);
  return `${lines.join("")}\nA state's bytes by codec, before sealing\n` +
    `${formatTable(states)}\nMemory with ${lanes} lanes\n` +
    formatTable([["  --quant", ...QUANTIZATIONS], ...memory]) + beyond;
}

/** How the model converses: what a server would do with it. */
async function conversationFacts(
  files: LocalModel,
  { tokenizer, settings, ...chosen }: Chosen & {
    readonly tokenizer: Tokenizer;
    readonly settings: ModelSettings;
  },
): Promise<[name: string, value: string][]> {
  const conversation = await openConversation(settings, {
    names: namesOf(files),
    tokenizer,
    jinja: jinjaThread(),
    ...chosen,
  });
  const { template, source, bos, decoding, generation } = conversation;
  conversation.close();
  const begins = (first: boolean) => first ? "with token 0" : "without token 0";
  return [
    ["generation", generation.name],
    ["chat form", `${template.name}, from ${source}`],
    [
      "texts begin",
      `${begins(bos.text)}; chats ${
        begins(bos.chat)
      }, or as their template says`,
    ],
    [
      "sampling",
      decoding ? `profile of ${decoding.name}` : "the API's default",
    ],
  ];
}

/** What RWKV-7a adds; each token reads one row of each of its tables. */
function deepEmbed(
  { shape: { L, V }, stored }: Pick<Checkpoint, "shape" | "stored">,
  rank: number,
): string {
  const values = L * V * rank ** 2;
  return `rank ${rank}, ${L} tables of ${
    formatBytes(values / L * BYTES_PER_VALUE[stored])
  }, ` +
    `${formatCount(values)} of the parameters`;
}
