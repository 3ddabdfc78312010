/**
 * What is served, in a few lines.
 *
 * @module
 */

import type { ComponentChild } from "preact";
import type { Model } from "../chat/server_state.ts";
import { formatSize, number } from "../text/readable_units.ts";

/** Describes a model. */
export function ModelCard({ model }: { model: Model }): ComponentChild {
  const { shape, state, device } = model;
  const facts = [
    ["Model", model.id],
    [
      "Weights",
      number(model.parameters) +
      (model.quantization === "none" ? "" : `, as ${model.quantization}`),
    ],
    [
      "Shape",
      `${shape.layers} layers, ${shape.heads} heads of 64, ` +
      `width ${shape.width}`,
    ],
    ["Vocabulary", number(shape.vocabulary)],
    [
      "State",
      `${state.values.toLocaleString("en")} numbers, ` +
      `${formatSize(4 * state.values)} as they are`,
    ],
    ["Device", `${device.kind}: ${device.name}`],
    ["Fingerprint", model.fingerprint.slice(0, 16)],
  ];
  return (
    <dl class="facts">
      {facts.map(([name, value]) => (
        <div>
          <dt>{name}</dt>
          <dd>{value}</dd>
        </div>
      ))}
    </dl>
  );
}
