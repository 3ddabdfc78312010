/**
 * `POST /api/v1/generate`, `/api/extra/generate/stream` and `/api/extra/abort`, in
 * KoboldCpp's shapes. A generation ends when its connection does; one that has a
 * `genkey` can be ended by it as well, with the same API key.
 *
 * @module
 */

import { createRoute, OpenAPIHono, z } from "@hono/zod-openapi";
import type { Context } from "hono";
import { answerTurns } from "../answer/turn_answer.ts";
import { RequestError } from "../../errors.ts";
import { jsonBody, readLeniently } from "../request/read_body.ts";
import { openSave, planTurns } from "../request/common_request.ts";
import { REPORT } from "../answer/answer_report.ts";
import { needs } from "../request/route_needs.ts";
import type { AppEnv } from "../services.ts";
import { document } from "../site/openapi_document.ts";
import { koboldErrors } from "./kobold_error.ts";
import { KoboldAbortRequest, KoboldGenerateRequest } from "./kobold_schema.ts";
import { KoboldWriter } from "./generation_writer.ts";

const body = {
  required: true,
  content: {
    "application/json": {
      schema: KoboldGenerateRequest,
      example: { prompt: "User: Hello!\n\nAssistant:", max_length: 64 },
    },
  },
};

const generationErrors = koboldErrors(
  ...[400, 401, 403, 404, 408, 409, 413, 422, 429, 500, 503] as const,
);

const wholeRoute = createRoute({
  method: "post",
  path: "/api/v1/generate",
  summary: "Generate (KoboldCpp)",
  request: { body },
  responses: {
    200: {
      description: "The answers",
      content: {
        "application/json": {
          schema: z.object({
            results: z.array(z.looseObject({ text: z.string(), ...REPORT })),
          }),
        },
      },
    },
    ...generationErrors,
  },
});

const streamRoute = createRoute({
  method: "post",
  path: "/api/extra/generate/stream",
  summary: "Generate in events (KoboldCpp)",
  request: { body },
  responses: {
    200: {
      description: "Events",
      content: { "text/event-stream": { schema: z.string() } },
    },
    ...generationErrors,
  },
});

const abortRoute = createRoute({
  method: "post",
  path: "/api/extra/abort",
  summary: "End generations (KoboldCpp)",
  request: {
    body: {
      content: {
        "application/json": {
          schema: KoboldAbortRequest,
          example: { genkey: "mine" },
        },
      },
    },
  },
  responses: {
    200: {
      description: "Whether a generation was ended",
      content: {
        "application/json": {
          schema: z.object({ success: z.string(), done: z.string() }),
        },
      },
    },
    ...koboldErrors(401, 429),
  },
});

/** Answers the three routes. */
export function koboldGenerateRoutes(): OpenAPIHono<AppEnv> {
  const app = new OpenAPIHono<AppEnv>();
  for (const route of [wholeRoute, streamRoute, abortRoute]) {
    document(app, route);
  }
  /** What ends each generation that has a name, by its tenant and name. */
  const named = new Map<string, Set<AbortController>>();
  const needed = needs({ takesTurn: true, anyType: true });
  app.post(wholeRoute.path, needed, (c) => generateText(c, named, false));
  app.post(streamRoute.path, needed, (c) => generateText(c, named, true));
  app.post(abortRoute.path, needs({ anyType: true }), async (c) => {
    const genkey = await genkeyOf(c);
    const found = named.get(generationName(c, genkey)) ?? [];
    for (const controller of found) controller.abort();
    const success = genkey !== "" && [...found].length > 0;
    return c.json({ success: String(success), done: "true" });
  });
  return app;
}

/** The name of a body that may be empty. */
async function genkeyOf(c: Context<AppEnv>): Promise<string> {
  try {
    return KoboldAbortRequest.parse(await jsonBody(c)).genkey;
  } catch (error) {
    // What comes too late or is too large is refused as everywhere.
    if (!isNoBody(error)) throw error;
    return "";
  }
}

function isNoBody(error: unknown): boolean {
  return error instanceof z.ZodError ||
    error instanceof RequestError && error.code === "ERR_REQUEST_MALFORMED";
}

function generationName(c: Context<AppEnv>, genkey: string): string {
  return JSON.stringify([c.get("tenant"), genkey]);
}

async function generateText(
  c: Context<AppEnv>,
  named: Map<string, Set<AbortController>>,
  stream: boolean,
): Promise<Response> {
  const request = await readLeniently(c, KoboldGenerateRequest);
  const save = await openSave(c, request);
  const begins = save === undefined ? request.memory : "";
  const prompt = begins + request.prompt;
  const turns = planTurns(
    c,
    stream ? { ...request, n: 1 } : request,
    save,
    [{ prompt }],
    { penaltyDecay: 1 },
  );
  if (request.genkey === "") {
    return await answerTurns(c, turns, new KoboldWriter(), stream);
  }
  const name = generationName(c, request.genkey);
  const gone = new AbortController();
  named.set(name, (named.get(name) ?? new Set()).add(gone));
  return await answerTurns(c, turns, new KoboldWriter(), stream, {
    gone,
    ended(): void {
      const group = named.get(name);
      group?.delete(gone);
      if (group?.size === 0) named.delete(name);
    },
  });
}
