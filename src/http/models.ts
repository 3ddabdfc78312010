/**
 * What is served: `GET /v1/model`, and OpenAI's `/v1/models`.
 *
 * @module
 */

import { createRoute, OpenAPIHono, z } from "@hono/zod-openapi";
import { stateLength } from "../model/shape.ts";
import { CODEC_NAMES, encodedSize } from "../state/codec.ts";
import { document, problems } from "./document.ts";
import { initialStates } from "./initial.ts";
import { openAiErrors } from "./openai/error.ts";
import type { AppEnv, Services } from "./services.ts";
import { requireModel } from "./turn.ts";

const InitialStates = z.array(z.object({
  name: z.string().describe("What to put into the field initial"),
  position: z.int().describe("Tokens it has read"),
})).describe("States that a text may begin with");

const Model = z.object({
  id: z.string(),
  object: z.literal("model"),
  parameters: z.int(),
  quantization: z.enum(["none", "int8", "int4"]),
  device: z.object({
    kind: z.enum(["webgpu", "wasm"]),
    name: z.string(),
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
  }),
  state: z.object({
    values: z.int().describe("Numbers in a state, whatever the length"),
    bytes: z.record(z.string(), z.int())
      .describe("Most bytes of the values by codec, before sealing"),
  }),
  initial_states: InitialStates,
}).openapi("Model");

const OpenAiModel = z.object({
  id: z.string(),
  object: z.literal("model"),
  created: z.int(),
  owned_by: z.string(),
  initial_states: InitialStates,
}).openapi("OpenAIModel");

const model = createRoute({
  method: "get",
  path: "/v1/model",
  summary: "The model that is served",
  responses: {
    200: {
      description: "The model",
      content: { "application/json": { schema: Model } },
    },
    ...problems(401, 503),
  },
});

const list = createRoute({
  method: "get",
  path: "/v1/models",
  summary: "The models that are served, as OpenAI lists them",
  responses: {
    200: {
      description: "One model",
      content: {
        "application/json": {
          schema: z.object({
            object: z.literal("list"),
            data: z.array(OpenAiModel),
          }),
        },
      },
    },
    ...openAiErrors(401, 503),
  },
});

const one = createRoute({
  method: "get",
  path: "/v1/models/{id}",
  summary: "One model, as OpenAI describes it",
  request: { params: z.object({ id: z.string() }) },
  responses: {
    200: {
      description: "The model",
      content: { "application/json": { schema: OpenAiModel } },
    },
    ...openAiErrors(401, 404, 503),
  },
});

/** Answers the routes that describe the model. */
export function modelRoutes(): OpenAPIHono<AppEnv> {
  const app = new OpenAPIHono<AppEnv>();
  for (const route of [model, list, one]) document(app, route);
  app.get(model.path, (c) => c.json(describe(c.get("services"))));
  app.get(list.path, (c) =>
    c.json({
      object: "list",
      data: [openAiModel(c.get("services"))],
    }));
  app.get("/v1/models/:id", (c) => {
    const services = c.get("services");
    requireModel(services.engine, c.req.param("id"));
    return c.json(openAiModel(services));
  });
  return app;
}

function describe(services: Services): z.infer<typeof Model> {
  const { model, load } = services.engine;
  const { id, parameters, quantization, device, fingerprint, shape } = model;
  const { L, D, H, F, V, ranks } = shape;
  const values = stateLength(shape);
  return {
    id,
    object: "model",
    parameters,
    quantization,
    device,
    lanes: { total: model.lanes, ...load },
    fingerprint,
    shape: {
      layers: L,
      width: D,
      heads: H,
      feed_forward: F,
      vocabulary: V,
      ranks,
    },
    state: {
      values,
      bytes: Object.fromEntries(
        CODEC_NAMES.map((name) => [name, encodedSize(name, shape).bytes]),
      ),
    },
    initial_states: initialStates(services),
  };
}

function openAiModel(services: Services): z.infer<typeof OpenAiModel> {
  return {
    id: services.engine.model.id,
    object: "model",
    created: 0,
    owned_by: "gosling",
    initial_states: initialStates(services),
  };
}
