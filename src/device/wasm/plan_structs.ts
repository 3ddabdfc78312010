/**
 * The structs of wasm/plan.ts: their fields, all u32, in the same order.
 *
 * @module
 */

/** A packed matrix. */
export const MATRIX_FIELDS = [
  "format",
  "data",
  "panelBytes",
  "rows",
  "columns",
] as const;

/** The tensors of a layer. */
export const LAYER_FIELDS = [
  "ln1Weight",
  "ln1Bias",
  "ln2Weight",
  "ln2Bias",
  "lerps",
  "w0",
  "a0",
  "v0",
  "w1",
  "w2",
  "a1",
  "a2",
  "v1",
  "v2",
  "g1",
  "g2",
  "kK",
  "kA",
  "rK",
  "receptance",
  "key",
  "value",
  "output",
  "lnXWeight",
  "lnXBias",
  "ffnLerp",
  "ffnKey",
  "ffnValue",
  "deepTable",
  "deepTurn",
  "deepDown",
  "deepUp",
  "deepBias",
] as const;

/** The model, its scratch memory, and the pass in hand. */
export const PLAN_FIELDS = [
  "threads",
  "barrier",
  "command",
  "L",
  "D",
  "H",
  "F",
  "V",
  "deep",
  "embedding",
  "embeddingFormat",
  "ln0Weight",
  "ln0Bias",
  "layers",
  "lnOutWeight",
  "lnOutBias",
  "head",
  "states",
  "stateBytes",
  "activationFormat",
  "rows",
  "tokens",
  "segments",
  "segmentList",
  "wanted",
  "wantedList",
  "x",
  "mixed",
  "mixedQ",
  "r",
  "k",
  "v",
  "vFirst",
  "lowW",
  "lowA",
  "lowV",
  "lowG",
  "gated",
  "gatedQ",
  "update",
  "hidden",
  "hiddenQ",
  "deepTurned",
  "deepLow",
  "logits",
  "scratch",
  "scratchBytes",
  "chunk",
] as const;

/** A struct's words from its fields by name. */
export function words<Field extends string>(
  fields: readonly Field[],
  values: Readonly<Record<Field, number>>,
): Uint32Array {
  return Uint32Array.from(fields, (field) => values[field]);
}

/** Where a field of the plan is, in bytes from the plan. */
export function planField(field: (typeof PLAN_FIELDS)[number]): number {
  return PLAN_FIELDS.indexOf(field) * 4;
}
