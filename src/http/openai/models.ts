/**
 * What is served, as OpenAI's clients list it: `/v1/models`.
 *
 * @module
 */

import { createRoute, OpenAPIHono, z } from "@hono/zod-openapi";
import { parameters } from "../../model/checkpoint.ts";
import { InitialStates } from "../fields/state_fields.ts";
import { initialStates } from "../request/open_save.ts";
import { type AppEnv, modelNamed, type ServedModel } from "../services.ts";
import { document } from "../site/openapi_document.ts";
import { openAiErrors } from "./openai_error.ts";

const OpenAiModel = z.object({
  id: z.string(),
  object: z.literal("model"),
  created: z.int().describe(
    "Time at which the server started, Unix time in seconds",
  ),
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

const modelListRoute = createRoute({
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

const oneModelRoute = createRoute({
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

/** Answers `GET /v1/models` and `/v1/models/{id}`. */
export function openAiModelRoutes(): OpenAPIHono<AppEnv> {
  const app = new OpenAPIHono<AppEnv>();
  for (const route of [modelListRoute, oneModelRoute]) document(app, route);
  app.get(
    modelListRoute.path,
    (c) =>
      c.json({ object: "list", data: c.get("loader").models.map(openAiModel) }),
  );
  app.get("/v1/models/:id", (c) => {
    const { models } = c.get("loader");
    return c.json(openAiModel(modelNamed(models, c.req.param("id"))));
  });
  return app;
}

/** Some clients keep it in 32 bits. */
const UNBOUNDED_CONTEXT = 2 ** 31 - 1;

function openAiModel(
  { id, shape, status, services }: ServedModel,
): z.infer<typeof OpenAiModel> {
  return {
    id,
    object: "model",
    created: Math.floor(performance.timeOrigin / 1000),
    owned_by: "gosling",
    context_length: UNBOUNDED_CONTEXT,
    max_model_len: UNBOUNDED_CONTEXT,
    parameters: parameters(shape),
    status,
    initial_states: services === undefined ? [] : initialStates(services),
  };
}
