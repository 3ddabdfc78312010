import { N } from "../../src/model/shape.ts";
import {
  benchPlan,
  dispatchOf,
  F32,
  openLayer,
  PASSES,
  shape,
} from "./layer.ts";

const [path, rows] = PASSES.decode;
const layer = await openLayer({ rows });
const { D } = shape;
const { ranks, words } = layer.weights.layers[1].ups;
const rank = ranks.w + ranks.a + ranks.v + ranks.g;
// S is read and written once; r, k, v, the first layer's v, the hidden values and y.
benchPlan(`advance D = ${D}, decode`, [dispatchOf(layer, path, "advance")], {
  rows,
  bytes: words.buffer.size + F32 * (2 * D * N + 5 * D + rank),
});
