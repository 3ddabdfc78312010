import {
  benchPlan,
  dispatchOf,
  F32,
  openLayer,
  PASSES,
  shape,
} from "./layer.ts";

const [path, rows] = PASSES.prefill;
const layer = await openLayer({ rows });
const { D } = shape;
const { ranks, words } = layer.weights.layers[1].ups;
const rank = ranks.w + ranks.a + ranks.v + ranks.g;
// r, k, v, the first layer's v and the hidden values; seven planes.
benchPlan(`prepare D = ${D}, prefill`, [dispatchOf(layer, path, "prepare")], {
  rows,
  bytes: words.buffer.size + F32 * rows * (11 * D + rank),
});
