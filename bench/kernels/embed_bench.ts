import {
  benchPlan,
  dispatchOf,
  F32,
  openLayer,
  PASSES,
  shape,
} from "./layer.ts";

const { D } = shape;
for (const [pass, [path, rows]] of Object.entries(PASSES)) {
  const layer = await openLayer({ quantization: "int8", rows });
  // A row of int8 with a scale for each 32, the norm, and a row of f32 out.
  const bytes = rows * D * (1 + 1 / 16 + F32) + 2 * F32 * D;
  const plan = [dispatchOf(layer, path, "embed")];
  benchPlan(`embed D = ${D}, int8, ${pass}`, plan, { rows, bytes });
}

const layer = await openLayer();
benchPlan(`normalize D = ${D}`, [dispatchOf(layer, 1, "normalize")], {
  bytes: F32 * D * 4,
});
