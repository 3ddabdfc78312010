import { benchPlan, dispatchOf, F32, openLayer, PASSES } from "./layer.ts";

for (const quantization of ["none", "int8", "int4"] as const) {
  for (const [pass, [path, rows]] of Object.entries(PASSES)) {
    const layer = await openLayer({ quantization, rows });
    const { stack, output, key, value } = layer.weights.layers[1];
    for (const matrix of [stack, output, key, value]) {
      const kernel = path === "chunk" ? "matmul" : "product";
      const label = `${kernel} ${matrix.label}`;
      const planes = matrix === stack ? 6 : 1;
      benchPlan(
        `${label} ${matrix.rows} × ${matrix.columns}, ${quantization}, ${pass}`,
        [dispatchOf(layer, path, label)],
        {
          rows,
          bytes: matrix.bytes +
            F32 * rows * (planes * matrix.columns + matrix.rows),
        },
      );
    }
  }
}
