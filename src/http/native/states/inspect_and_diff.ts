/**
 * Looking into states: `POST /v1/state/inspect` and `/v1/state/diff`.
 *
 * @module
 */

import { OpenAPIHono, z } from "@hono/zod-openapi";
import { diffing } from "../../../state/analysis/state_diff.ts";
import { inSteps } from "../../../steps.ts";
import { inspectSave } from "../../../state/analysis/inspect_save.ts";
import { picture } from "../../../state/analysis/layer_picture.ts";
import { postJson } from "../json_route.ts";
import { SchemaError } from "../../problem.ts";
import { ModelName } from "../../fields/text_fields.ts";
import type { SaveFile } from "../../../state/save_format.ts";
import type { AppEnv } from "../../services.ts";
import { openToken, STATE_REFUSALS, Token } from "./state_in_and_out.ts";
import { snakeCase } from "../../answer/snake_case.ts";

const Norms = z.object({
  att_shift: z.number(),
  wkv: z.number(),
  heads: z.array(z.number()),
  ffn_shift: z.number(),
});

const Picture = z.object({
  layer: z.int(),
  largest: z.number().describe("Largest absolute value, encoded as 127"),
  heads: z.array(z.string())
    .describe(
      "One 64 × 64 matrix of signed bytes per head, base64; rows are value channels",
    ),
});

/** How a token is protected, and its age. */
export const Seal = z.object({
  profile: z.enum(["sealed", "portable"]),
  kid: z.string().optional(),
  issued: z.string().optional(),
  first_issued: z.string().optional()
    .describe(
      "Time at which the first state of this chain of renewals was issued",
    ),
  renewals: z.int().optional().describe("Number of renewals since then"),
  expires: z.string().optional(),
  renewable: z.boolean().optional()
    .describe("Whether states made from this one may outlive it"),
  owner: z.string().optional().describe("Label of its owner's secret"),
});

const InspectRequest = z.strictObject({
  state: Token,
  picture: z.int().min(0).optional()
    .describe("Layer whose matrices are returned as pictures"),
}).openapi("InspectRequest");

const Inspection = z.object({
  position: z.int().describe("Tokens the state has read"),
  codec: z.string(),
  bytes: z.int().optional().describe("Size of the sealed save file"),
  model: z.object({
    fingerprint: z.string(),
    L: z.int(),
    D: z.int(),
    H: z.int(),
  }),
  seal: Seal.optional(),
  note: z.object({ engine: z.string(), device: z.string() }),
  unread: z.array(z.int()).describe(
    "Tokens that belong to the text and have not been read yet",
  ),
  chat: z.object({ open: z.boolean(), thinking: z.boolean() }),
  chain: z.string().describe("Hash chain over the tokens read"),
  seed: z.string(),
  counts: z.int().describe("Tokens with a penalty count"),
  utf8: z.string().describe("Bytes of an unfinished character, hex"),
  largest: z.number().describe("Largest absolute value"),
  transcript: z.object({
    turns: z.int(),
    bytes: z.int().describe("Bytes of the text"),
  }).optional().describe("Transcript of the state"),
  layers: z.array(Norms).describe("Euclidean norms"),
  picture: Picture.optional(),
}).openapi("StateInspection");

const Distance = z.object({
  absolute: z.number(),
  relative: z.number(),
  cosine: z.number(),
});

const Difference = z.object({
  equal: z.boolean(),
  same_text: z.boolean().describe("Whether both have read the same tokens"),
  positions: z.int().describe("Tokens read by `b` minus tokens read by `a`"),
  total: Distance,
  layers: z.array(z.object({
    att_shift: Distance,
    wkv: Distance,
    heads: z.array(Distance),
    ffn_shift: Distance,
  })),
}).openapi("StateDifference");

/** Answers the tools that look into states. */
export function stateReadRoutes(): OpenAPIHono<AppEnv> {
  const app = new OpenAPIHono<AppEnv>();
  postJson(app, {
    path: "/v1/state/inspect",
    summary: "Inspect a state of any model",
    request: InspectRequest,
    response: Inspection,
    elements: (_, values) => values,
    refusals: [403],
  }, async (c, { state, picture: layer }) => {
    const { vault } = c.get("services");
    const file = await vault.read(state, { tenant: c.get("tenant") });
    const found = Inspection.parse(snakeCase(inspectSave(file)));
    return layer === undefined
      ? found
      : { ...found, picture: draw(file, layer) };
  });
  postJson(app, {
    path: "/v1/state/diff",
    needs: { states: 2 },
    summary: "Compare two states",
    request: z.strictObject({ model: ModelName, a: Token, b: Token })
      .openapi("DiffRequest"),
    response: Difference,
    elements: (_, values) => 2 * values,
    refusals: STATE_REFUSALS,
  }, async (c, { a, b }) => {
    const { format } = c.get("services").engine;
    const [left, right] = await Promise.all([
      openToken(c, a, {}, "/a"),
      openToken(c, b, {}, "/b"),
    ]);
    const found = await inSteps(
      diffing({ save: left, format }, { save: right, format }),
    );
    return Difference.parse(snakeCase(found));
  });
  return app;
}

function draw(file: SaveFile, layer: number): z.infer<typeof Picture> {
  const drawn = picture(file, layer);
  if (drawn === undefined) {
    const detail = `is ${layer}, and the layers are 0 to ${
      file.format.shape.L - 1
    }`;
    throw new SchemaError(`Cannot take request: /picture: ${detail}`, [
      { pointer: "/picture", detail },
    ]);
  }
  const heads = drawn.heads.map((steps) =>
    new Uint8Array(steps.buffer).toBase64()
  );
  return { ...drawn, heads };
}
