import {
  benchPlan,
  dispatchOf,
  F32,
  openLayer,
  PASSES,
  shape,
} from "./layer.ts";

const { D } = shape;
const [path, rows] = PASSES.prefill;
const layer = await openLayer({ rows });
for (const [label, planes] of [["mix att", 6], ["mix ffn", 1]] as const) {
  // Norm and lerps, the shift read and written; x in, a row a plane out.
  benchPlan(`${label} D = ${D}, prefill`, [dispatchOf(layer, path, label)], {
    rows,
    bytes: F32 * D * (2 + planes + 2 + rows * (1 + planes)),
  });
}
