/**
 * What is served: `GET /v1/model`.
 *
 * @module
 */

import { createRoute, OpenAPIHono, z } from "@hono/zod-openapi";
import { thinks } from "../../chat/thought/thinking.ts";
import { stateLength } from "../../model/shape.ts";
import { CODEC_NAMES, encodedSize } from "../../state/codec.ts";
import { document, problems } from "../site/openapi_document.ts";
import { initialStates } from "../request/open_save.ts";
import { takeModel } from "../request/model_choice.ts";
import { InitialStates } from "../fields/state_fields.ts";
import type { AppEnv, Services } from "../services.ts";

const Profile = z.object({
  temperature: z.number().optional(),
  top_k: z.int().optional(),
  top_p: z.number().optional(),
  min_p: z.number().optional(),
  presence_penalty: z.number().optional(),
  frequency_penalty: z.number().optional(),
  penalty_decay: z.number().optional(),
});

const ServedModelBody = z.object({
  id: z.string(),
  object: z.literal("model"),
  parameters: z.int(),
  quantization: z.enum(["none", "int8", "int4"]),
  device: z.object({
    kind: z.enum(["webgpu", "wasm"]),
    name: z.string(),
    threads: z.object({
      decode: z.int().describe("To decode a token"),
      prefill: z.int().describe("To read a long prompt"),
      most: z.int().describe("At most"),
    }).optional().describe(
      "Threads in use, the number that measured passes favour; wasm only",
    ),
  }),
  lanes: z.object({ total: z.int(), busy: z.int(), waiting: z.int() }),
  fingerprint: z.string().describe("SHA-256 of weights, tokenizer and layout"),
  shape: z.object({
    layers: z.int(),
    width: z.int(),
    heads: z.int(),
    feed_forward: z.int(),
    vocabulary: z.int(),
    ranks: z.object({ w: z.int(), a: z.int(), v: z.int(), g: z.int() }),
    deep: z.int().optional()
      .describe("Rank of the DeepEmbed gate, for models that have one"),
  }),
  state: z.object({
    values: z.int().describe(
      "Values in a state; independent of the length of the text",
    ),
    bytes: z.record(z.string(), z.int())
      .describe(
        "Maximum size of the encoded values in bytes, by codec, before sealing",
      ),
  }),
  portable: z.boolean()
    .describe("Whether unencrypted states are allowed"),
  transcript: z.enum(["allow", "always", "never"])
    .describe("Whether states may, do or never have transcripts"),
  on_mismatch: z.enum(["refuse", "rebase"])
    .describe(
      "Default for `on_mismatch`",
    ),
  expires: z.boolean().describe("Whether states expire"),
  generation: z.string().optional()
    .describe("Generation of the model, from its name and files"),
  chat: z.object({
    form: z.string().describe("Chat form or template in use"),
    source: z.string().describe(
      "Source of the form: a file, the generation or a setting",
    ),
    thinking: z.boolean().describe("Whether the model supports thinking"),
  }),
  bos: z.object({ text: z.boolean(), chat: z.boolean() })
    .describe("Whether a new text, or chat, begins with the end-of-text token"),
  decoding: z.object({
    name: z.string(),
    thinking: Profile.describe("For answers with reasoning"),
    plain: Profile.describe("For all other answers"),
    tools: Profile.optional().describe("For answers that may call functions"),
  }).optional().describe(
    "Default sampling parameters of the model, in place of the API's",
  ),
  initial_states: InitialStates,
}).openapi("Model");

const model = createRoute({
  method: "get",
  path: "/v1/model",
  summary: "Describe a model; loads it if necessary",
  request: {
    query: z.object({
      model: z.string().max(256).optional()
        .describe("Name of the model; defaults to the first"),
    }),
  },
  responses: {
    200: {
      description: "The model",
      content: { "application/json": { schema: ServedModelBody } },
    },
    ...problems(401, 404, 422, 429, 503),
  },
});

/** Answers `GET /v1/model`. */
export function modelRoute(): OpenAPIHono<AppEnv> {
  const app = new OpenAPIHono<AppEnv>();
  document(app, model);
  app.get(model.path, async (c) => {
    await takeModel(c, c.req.query("model"));
    return c.json(describeServedModel(c.get("services")));
  });
  return app;
}

function describeServedModel(
  services: Services,
): z.infer<typeof ServedModelBody> {
  const { model, load } = services.engine;
  const { id, parameters, quantization, device, fingerprint, shape } = model;
  const { L, D, H, F, V, ranks, deep } = shape;
  const values = stateLength(shape);
  return {
    id,
    object: "model",
    parameters,
    quantization,
    device: {
      kind: device.kind,
      name: device.name,
      ...(device.threads && { threads: device.threads }),
    },
    lanes: { total: model.lanes, ...load },
    fingerprint,
    shape: {
      layers: L,
      width: D,
      heads: H,
      feed_forward: F,
      vocabulary: V,
      ranks,
      ...(deep !== undefined && { deep }),
    },
    state: {
      values,
      bytes: Object.fromEntries(
        CODEC_NAMES.map((name) => [name, encodedSize(name, shape).bytes]),
      ),
    },
    portable: services.portable,
    transcript: services.transcripts ?? "allow",
    on_mismatch: services.onMismatch ?? "refuse",
    expires: services.expires ?? false,
    ...(services.origin && { generation: services.origin.generation }),
    chat: {
      form: services.template?.name ?? "world",
      source: services.origin?.source ?? "the API",
      thinking: thinks({ id, template: services.template }),
    },
    bos: services.bos ?? { text: true, chat: true },
    ...(services.decoding && { decoding: services.decoding }),
    initial_states: initialStates(services),
  };
}
