/**
 * What is served: `GET /v1/model`, and OpenAI's `/v1/models`.
 *
 * @module
 */

import { createRoute, OpenAPIHono, z } from "@hono/zod-openapi";
import { thinks } from "../../chat/thought/thinking.ts";
import { parameters } from "../../model/checkpoint.ts";
import { stateLength } from "../../model/shape.ts";
import { CODEC_NAMES, encodedSize } from "../../state/codec.ts";
import { document, problems } from "../site/openapi_document.ts";
import { initialStates } from "../request/open_save.ts";
import { takeModel } from "../request/model_choice.ts";
import {
  anthropicModel,
  anthropicModels,
  asksAnthropic,
} from "../anthropic/models.ts";
import { openAiErrors } from "../openai/error.ts";
import {
  type AppEnv,
  noSuchModel,
  type ServedModel,
  type Services,
} from "../services.ts";

const InitialStates = z.array(z.object({
  name: z.string().describe("Value of the field `initial`"),
  position: z.int().describe("Tokens the state has read"),
})).describe("Initial states on this server");

const Profile = z.object({
  temperature: z.number().optional(),
  top_k: z.int().optional(),
  top_p: z.number().optional(),
  min_p: z.number().optional(),
  presence_penalty: z.number().optional(),
  frequency_penalty: z.number().optional(),
  penalty_decay: z.number().optional(),
});

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
      "What becomes of another model's state, if a request does not say",
    ),
  expires: z.boolean().describe("Whether states expire"),
  generation: z.string().optional()
    .describe("Generation of the model, as its names and files tell"),
  chat: z.object({
    form: z.string().describe("Chat form or template in use"),
    source: z.string().describe("Where it comes from"),
    thinking: z.boolean().describe("Whether the model can be asked to think"),
  }),
  bos: z.object({ text: z.boolean(), chat: z.boolean() })
    .describe("Whether a new text, or chat, begins with the end-of-text token"),
  decoding: z.object({
    name: z.string(),
    thinking: Profile.describe("For answers that begin with a thought"),
    plain: Profile.describe("For all others"),
    tools: Profile.optional().describe("Where functions may be called"),
  }).optional().describe(
    "Sampling parameters used where a request has none; absent: those of the API",
  ),
  initial_states: InitialStates,
}).openapi("Model");

const OpenAiModel = z.object({
  id: z.string(),
  object: z.literal("model"),
  created: z.int().describe("Start of the server, Unix time in seconds"),
  owned_by: z.string(),
  context_length: z.int().describe(
    "Maximum length of a conversation in tokens. The state has a fixed size, so " +
      "there is no limit: 2^31 - 1 is the largest number that every client can hold",
  ),
  max_model_len: z.int().describe("Same as `context_length`"),
  parameters: z.int(),
  status: z.enum(["loaded", "loading", "unloaded"])
    .describe("An unloaded model is loaded by the first request for it"),
  initial_states: InitialStates,
}).openapi("OpenAIModel");

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
      content: { "application/json": { schema: Model } },
    },
    ...problems(401, 404, 422, 429, 503),
  },
});

const list = createRoute({
  method: "get",
  path: "/v1/models",
  summary: "List models (OpenAI)",
  responses: {
    200: {
      description: "All models; the first is the default",
      content: {
        "application/json": {
          schema: z.object({
            object: z.literal("list"),
            data: z.array(OpenAiModel),
          }),
        },
      },
    },
    ...openAiErrors(401, 429),
  },
});

const one = createRoute({
  method: "get",
  path: "/v1/models/{id}",
  summary: "Describe a model (OpenAI)",
  request: { params: z.object({ id: z.string() }) },
  responses: {
    200: {
      description: "The model",
      content: { "application/json": { schema: OpenAiModel } },
    },
    ...openAiErrors(401, 404, 429),
  },
});

/** Answers the routes that describe models. */
export function modelRoutes(): OpenAPIHono<AppEnv> {
  const app = new OpenAPIHono<AppEnv>();
  for (const route of [model, list, one]) document(app, route);
  app.get(model.path, async (c) => {
    await takeModel(c, c.req.query("model"));
    return c.json(describe(c.get("services")));
  });
  app.get(list.path, (c) => {
    const { models } = c.get("loader");
    if (asksAnthropic(c)) return c.json(anthropicModels(models));
    return c.json({ object: "list", data: models.map(openAiModel) });
  });
  app.get("/v1/models/:id", (c) => {
    const id = c.req.param("id");
    const { models } = c.get("loader");
    const found = models.find((model) => model.id === id);
    if (found === undefined) throw noSuchModel(id, models.map(({ id }) => id));
    return c.json(
      asksAnthropic(c) ? anthropicModel(found) : openAiModel(found),
    );
  });
  return app;
}

function describe(services: Services): z.infer<typeof Model> {
  const { model, load } = services.engine;
  const { id, parameters, quantization, device, fingerprint, shape } = model;
  const { L, D, H, F, V, ranks, deep } = shape;
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

/** Some clients keep it in 32 bits. */
const UNBOUNDED = 2 ** 31 - 1;

function openAiModel(
  { id, shape, status, services }: ServedModel,
): z.infer<typeof OpenAiModel> {
  return {
    id,
    object: "model",
    created: Math.floor(performance.timeOrigin / 1000),
    owned_by: "gosling",
    context_length: UNBOUNDED,
    max_model_len: UNBOUNDED,
    parameters: parameters(shape),
    status,
    initial_states: services === undefined ? [] : initialStates(services),
  };
}
