import { N } from "../../src/model/shape.ts";
import {
  benchPlan,
  dispatchOf,
  F32,
  openLayer,
  PASSES,
  shape,
} from "./layer.ts";

for (const [pass, [path, rows]] of Object.entries(PASSES)) {
  const layer = await openLayer({ rows });
  const { D } = shape;
  // S is read and written once; r, seven prepared planes and y are a row each.
  benchPlan(`wkv D = ${D}, ${pass}`, [dispatchOf(layer, path, "wkv")], {
    rows,
    bytes: F32 * (2 * D * N + 9 * rows * D),
  });
}
