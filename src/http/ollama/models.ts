/**
 * What is served, as Ollama lists it, and the routes of its that change which models
 * there are: those are refused by name, for models are the operator's.
 *
 * @module
 */

import { createRoute, OpenAPIHono, z } from "@hono/zod-openapi";
import { sha256 } from "@noble/hashes/sha2.js";
import type { Context } from "hono";
import { thinks } from "../../chat/thought/thinking.ts";
import { RequestError } from "../../errors.ts";
import { parameters } from "../../model/checkpoint.ts";
import { BYTES_PER_VALUE } from "../../model/stored_tensor.ts";
import type { Quantization } from "../../device/device.ts";
import { check } from "../request/schema_check.ts";
import { jsonBody } from "../request/read_body.ts";
import { needs } from "../request/route_needs.ts";
import { type AppEnv, noSuchModel, type ServedModel } from "../services.ts";
import { document } from "../site/openapi_document.ts";
import { hex } from "../../text/hex.ts";
import { ollamaErrors } from "./ollama_error.ts";
import { OllamaShowRequest } from "./ollama_schema.ts";

/** The version of Ollama whose routes these are: clients look whether it is new. */
const OLLAMA_VERSION = "0.12.6";

/** The end of time, as far as JSON and clients can tell. */
const NEVER = "2318-04-05T00:00:00Z";

/** A conversation has no longest length; some clients keep it in 32 bits. */
const UNBOUNDED_CONTEXT = 2 ** 31 - 1;

const ModelDetails = z.object({
  parent_model: z.string(),
  format: z.string(),
  family: z.string(),
  families: z.array(z.string()),
  parameter_size: z.string(),
  quantization_level: z.string(),
});

const Listed = z.object({
  name: z.string(),
  model: z.string(),
  modified_at: z.string(),
  size: z.int().describe("Bytes of the weights"),
  digest: z.string(),
  details: ModelDetails,
});

const version = createRoute({
  method: "get",
  path: "/api/version",
  summary: "Supported version of the API (Ollama)",
  responses: {
    200: {
      description: "The version",
      content: {
        "application/json": { schema: z.object({ version: z.string() }) },
      },
    },
    ...ollamaErrors(401, 429),
  },
});

const tags = createRoute({
  method: "get",
  path: "/api/tags",
  summary: "List models (Ollama)",
  responses: {
    200: {
      description: "All models; the first is the default",
      content: {
        "application/json": { schema: z.object({ models: z.array(Listed) }) },
      },
    },
    ...ollamaErrors(401, 429),
  },
});

const runningModelsRoute = createRoute({
  method: "get",
  path: "/api/ps",
  summary: "List models that are loaded (Ollama)",
  responses: {
    200: {
      description: "The loaded models",
      content: {
        "application/json": { schema: z.object({ models: z.array(Listed) }) },
      },
    },
    ...ollamaErrors(401, 429),
  },
});

const showRoute = createRoute({
  method: "post",
  path: "/api/show",
  summary: "Describe a model (Ollama)",
  request: {
    body: {
      required: true,
      content: {
        "application/json": {
          schema: OllamaShowRequest,
          example: { model: "gosling" },
        },
      },
    },
  },
  responses: {
    200: {
      description: "The model",
      content: {
        "application/json": {
          schema: z.looseObject({ details: ModelDetails }),
        },
      },
    },
    ...ollamaErrors(400, 401, 404, 408, 413, 429),
  },
});

/** Routes of Ollama's that are not here, and what to do instead. */
const REFUSED: Readonly<Record<string, string>> = {
  embed: "the model gives no embeddings",
  embeddings: "the model gives no embeddings",
  pull: "the operator adds models, with deno task model pull",
  push: "models are not published from here",
  create: "the operator adds models, with --model",
  copy: "the operator names models, with --model NAME=PATH",
  delete: "the operator removes models, with deno task model rm",
  blobs: "the operator adds models, with deno task model pull",
};

/** Answers the routes that describe models. */
export function ollamaModelRoutes(): OpenAPIHono<AppEnv> {
  const app = new OpenAPIHono<AppEnv>();
  for (const route of [version, tags, runningModelsRoute, showRoute]) {
    document(app, route);
  }
  app.get(version.path, (c) => c.json({ version: OLLAMA_VERSION }));
  app.get(tags.path, (c) => c.json({ models: modelsOf(c).map(listed) }));
  app.get(runningModelsRoute.path, (c) => {
    const loaded = modelsOf(c).filter(({ services }) => services !== undefined);
    const models = loaded.map((model) => {
      const one = listed(model);
      return { ...one, expires_at: NEVER, size_vram: one.size };
    });
    return c.json({ models });
  });
  app.post(showRoute.path, needs({ anyType: true }), async (c) => {
    const { model, name } = check(await jsonBody(c), OllamaShowRequest);
    return c.json(describedModel(findModel(c, model ?? name)));
  });
  for (const [name, reason] of Object.entries(REFUSED)) {
    app.all(`/api/${name}/*`, refusal(name, reason));
  }
  return app;
}

function refusal(name: string, reason: string) {
  return (): never => {
    throw new RequestError(
      "ERR_REQUEST_INVALID",
      `Cannot ${name}: ${reason}`,
    );
  };
}

function modelsOf(c: Context<AppEnv>): readonly ServedModel[] {
  return c.get("loader").models;
}

function findModel(c: Context<AppEnv>, name: string | undefined): ServedModel {
  const models = modelsOf(c);
  const found = name === undefined
    ? models[0]
    : models.find(({ id }) => id === name);
  if (found === undefined) {
    throw noSuchModel(name ?? "", models.map(({ id }) => id));
  }
  return found;
}

/** Bits of a weight; what few others there are weigh little. */
const WEIGHT_BITS: Readonly<Record<Exclude<Quantization, "none">, number>> = {
  int8: 8,
  int4: 4,
};

function listed({ id, shape, stored, services }: ServedModel) {
  const count = parameters(shape);
  const { quantization = "none", fingerprint = undefined } =
    services?.engine.model ?? {};
  const bits = quantization === "none"
    ? 8 * BYTES_PER_VALUE[stored ?? "BF16"]
    : WEIGHT_BITS[quantization];
  const about = new TextEncoder().encode(JSON.stringify([id, shape]));
  return {
    name: `${id}:latest`,
    model: `${id}:latest`,
    modified_at: new Date(performance.timeOrigin).toISOString(),
    size: Math.round(count * bits / 8),
    digest: fingerprint ?? hex(sha256(about)),
    details: {
      parent_model: "",
      format: "safetensors",
      family: "rwkv7",
      families: ["rwkv7"],
      parameter_size: sizeText(count),
      quantization_level: quantization === "none"
        ? stored ?? "unknown"
        : quantization.toUpperCase(),
    },
  };
}

function sizeText(count: number): string {
  return count >= 1e9
    ? `${(count / 1e9).toFixed(1)}B`
    : `${(count / 1e6).toFixed(1)}M`;
}

function describedModel(model: ServedModel): object {
  const { id, shape: { L, D, H, F, V }, services } = model;
  const { details, modified_at } = listed(model);
  const { template } = services ?? {};
  return {
    license: "",
    modelfile: "",
    parameters: "",
    template: template?.name ?? "",
    details,
    model_info: {
      "general.architecture": "rwkv7",
      "general.basename": id,
      "general.parameter_count": parameters(model.shape),
      "rwkv7.attention.head_count": H,
      "rwkv7.block_count": L,
      "rwkv7.context_length": UNBOUNDED_CONTEXT,
      "rwkv7.embedding_length": D,
      "rwkv7.feed_forward_length": F,
      "rwkv7.vocab_size": V,
    },
    capabilities: [
      "completion",
      "tools",
      ...(thinks({ id, template }) ? ["thinking"] : []),
    ],
    modified_at,
  };
}
