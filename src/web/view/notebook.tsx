/**
 * The notebook: the state as a picture, its size beside a growing cache, and the
 * time each turn took.
 *
 * @module
 */

import type { ComponentChild } from "preact";
import { useEffect, useMemo, useState } from "preact/hooks";
import { health, type LayerPicture, type Model } from "../chat/server_state.ts";
import { number } from "../text/readable_units.ts";
import { useParts } from "./page_context.ts";
import { MatrixView } from "./matrix_picture.tsx";
import { Growth } from "./growth_plots.tsx";

/** The right of the page. */
export function NotebookView(): ComponentChild {
  const { session, library } = useParts();
  const { head } = session.standing.value;
  const { model } = health.value;
  const path = useMemo(() => session.path(), [head, library.turns.value]);
  return (
    <div class="notebook">
      <StatePicture model={model} />
      <Growth path={path} model={model} />
    </div>
  );
}

function StatePicture({ model }: { model: Model | undefined }): ComponentChild {
  const { notebook } = useParts();
  const { layer, turn, picture, before, words } = notebook.page.value;
  const [change, setChange] = useState(false);
  useEffect(() => {
    notebook.turnTo(layer);
  }, [model]);
  const layers = model?.shape.layers ?? 1;
  const shown = change ? difference(picture, before) : picture;
  const heads = Array.from(
    { length: shown?.heads.length ?? model?.shape.heads ?? 2 },
    (_, h) => shown?.heads[h],
  );
  return (
    <section aria-labelledby="state-title">
      <h3 id="state-title">All it remembers</h3>
      <div class="heads" data-count={Math.min(heads.length, 6)}>
        {heads.map((steps, h) => (
          <MatrixView
            key={h}
            steps={steps}
            label={`Head ${h + 1} of layer ${layer + 1}: 64 × 64 numbers` +
              (turn === null
                ? ", all zero"
                : change
                ? ", what the last turn changed"
                : "")}
          />
        ))}
      </div>
      <div class="row picture-tools">
        <label class="layer">
          <span>Layer {layer + 1} of {layers}</span>
          <input
            type="range"
            min={0}
            max={layers - 1}
            value={layer}
            aria-label="Layer"
            aria-valuetext={`${layer + 1} of ${layers}`}
            onInput={({ currentTarget }) =>
              notebook.turnTo(currentTarget.valueAsNumber)}
          />
        </label>
        <label class="toggle">
          <input
            type="checkbox"
            checked={change}
            disabled={turn === null}
            onChange={({ currentTarget }) => setChange(currentTarget.checked)}
          />
          Last turn's change
        </label>
      </div>
      <p class="hint">
        {words ?? (turn === null
          ? "A blank state. It fills as you talk, and never grows."
          : `${number(model?.state.values ?? 0)} numbers in ${layers} ${
            layers === 1 ? "layer" : "layers"
          }` +
            `; blue below zero, orange above, full colour at ±${
              (shown?.largest ?? 0).toPrecision(2)
            }.`)}
      </p>
    </section>
  );
}

/** What changed between two pictures, on a scale of its own. */
function difference(
  after: LayerPicture | undefined,
  before: LayerPicture | undefined,
): LayerPicture | undefined {
  if (after === undefined) return undefined;
  const values = after.heads.map((steps, h) =>
    Float32Array.from(
      steps,
      (step, i) =>
        (step * after.largest -
          (before?.heads[h]?.[i] ?? 0) * (before?.largest ?? 0)) / 127,
    )
  );
  let largest = 0;
  for (const head of values) {
    for (const x of head) largest = Math.max(largest, Math.abs(x));
  }
  const scale = largest === 0 ? 0 : 127 / largest;
  return {
    layer: after.layer,
    largest,
    heads: values.map((head) =>
      Int8Array.from(head, (x) => Math.round(x * scale))
    ),
  };
}
