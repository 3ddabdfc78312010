import { N } from "../../src/model/shape.ts";
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
// S is read and written once; r, seven prepared planes and y are a row each.
benchPlan(`wkv D = ${D}, prefill`, [dispatchOf(layer, path, "wkv")], {
  rows,
  bytes: F32 * (2 * D * N + 9 * rows * D),
});
