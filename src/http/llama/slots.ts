/**
 * `GET /props`, and `/slots` as far as a server goes that keeps nothing: slots are
 * lanes, which hold something only while a turn runs. Saving one gives the state out,
 * restoring one takes it in.
 *
 * @module
 */

import { createRoute, OpenAPIHono, z } from "@hono/zod-openapi";
import type { Context } from "hono";
import { RequestError } from "../../errors.ts";
import { jsonAnswer } from "../answer/json_answer.ts";
import { REPORT } from "../answer/answer_report.ts";
import { isToken } from "../request/state_ids.ts";
import { readLeniently } from "../request/read_body.ts";
import { openBeginning } from "../request/open_save.ts";
import { takeModel } from "../request/model_choice.ts";
import { needs } from "../request/route_needs.ts";
import { requireProtection } from "../request/turn_fields.ts";
import type { AppEnv } from "../services.ts";
import { document } from "../site/openapi_document.ts";
import { expectPieces } from "../request/named_tokens.ts";
import { llamaErrors } from "./llama_error.ts";
import { SlotRequest } from "./llama_schema.ts";

/** A conversation has no longest length; some clients keep it in 32 bits. */
const UNBOUNDED_CONTEXT = 2 ** 31 - 1;

const OfModel = z.object({
  model: z.string().optional().describe(
    "Name of the model; defaults to the first",
  ),
});

const props = createRoute({
  method: "get",
  path: "/props",
  summary: "Properties of a model (llama.cpp)",
  request: { query: OfModel },
  responses: {
    200: {
      description: "The properties",
      content: {
        "application/json": { schema: z.looseObject({ total_slots: z.int() }) },
      },
    },
    ...llamaErrors(401, 404, 429, 503),
  },
});

const slots = createRoute({
  method: "get",
  path: "/slots",
  summary: "Lanes of a model (llama.cpp)",
  request: { query: OfModel },
  responses: {
    200: {
      description: "Every lane and whether it is busy",
      content: {
        "application/json": {
          schema: z.array(z.looseObject({ id: z.int() })),
        },
      },
    },
    ...llamaErrors(401, 404, 429, 503),
  },
});

const slot = createRoute({
  method: "post",
  path: "/slots/{id}",
  summary: "Read a prompt or a state, and return the state (llama.cpp)",
  request: {
    params: z.object({ id: z.string() }),
    query: z.object({ action: z.enum(["save", "restore", "erase"]) }),
    body: {
      required: true,
      content: { "application/json": { schema: SlotRequest } },
    },
  },
  responses: {
    200: {
      description: "The action and the state",
      content: {
        "application/json": {
          schema: z.looseObject({ id_slot: z.int(), rebased: REPORT.rebased }),
        },
      },
    },
    ...llamaErrors(400, 401, 403, 404, 408, 409, 413, 429, 500, 503),
  },
});

/** Answers the three routes. */
export function llamaSlotRoutes(): OpenAPIHono<AppEnv> {
  const app = new OpenAPIHono<AppEnv>();
  for (const route of [props, slots, slot]) document(app, route);
  app.get(props.path, async (c) => {
    await takeModel(c, c.req.query("model") || undefined);
    const { engine: { model, tokenizer, load }, template, bos } = c.get(
      "services",
    );
    return c.json({
      default_generation_settings: {
        id: 0,
        n_ctx: UNBOUNDED_CONTEXT,
        is_processing: load.busy > 0,
        params: {},
      },
      total_slots: model.lanes,
      model_alias: model.id,
      model_path: model.id,
      modalities: { vision: false, audio: false },
      chat_template: template?.name ?? "world",
      bos_token: bos?.text === false ? "" : tokenText(tokenizer.end),
      eos_token: tokenText(tokenizer.end),
      build_info: "gosling",
    });
  });
  app.get(slots.path, async (c) => {
    await takeModel(c, c.req.query("model") || undefined);
    const { model, load } = c.get("services").engine;
    return c.json(
      Array.from({ length: model.lanes }, (_, id) => ({
        id,
        id_task: -1,
        n_ctx: UNBOUNDED_CONTEXT,
        speculative: false,
        is_processing: id < load.busy,
      })),
    );
  });
  const needed = needs({ takesTurn: true, anyType: true, states: 2 });
  app.post("/slots/:id{[0-9]+}", needed, async (c) => {
    const id_slot = Number(c.req.param("id"));
    const action = c.req.query("action");
    switch (action) {
      case "save":
      case "restore":
        return await jsonAnswer(c, await slotTurn(c, action, id_slot));
      case "erase":
        return c.json({ id_slot, n_erased: 0 });
      default:
        throw new RequestError(
          "ERR_REQUEST_INVALID",
          "Cannot use the slot: its action is none of save, restore, erase",
        );
    }
  });
  return app;
}

/** Reads what is to be read, and gives the state that leaves. */
async function slotTurn(
  c: Context<AppEnv>,
  action: "save" | "restore",
  id_slot: number,
): Promise<object> {
  const begun = performance.now();
  const { filename = "", prompt, state: given, ...how } = await readLeniently(
    c,
    SlotRequest,
    ({ filename = "", state }) => isToken(filename) ? filename : state,
  );
  const state = isToken(filename) ? filename : given;
  if (state === undefined && (action === "restore" || prompt === undefined)) {
    throw new RequestError(
      "ERR_REQUEST_INVALID",
      `Cannot ${action} slot ${id_slot}: nothing is kept here under a name; ` +
        (action === "save"
          ? "send the state of an answer as state, or a prompt to read"
          : "send the state as state or filename, and then with /completion"),
    );
  }
  const { engine, vault, ...services } = c.get("services");
  requireProtection(how, services);
  const save = await openBeginning(c, { ...how, state });
  const turns = c.get("turns"), { signal } = c.req.raw;
  const read = prompt === undefined
    ? await turns.settled(save, signal)
    : await turns.read(
      save,
      { prompt: expectPieces(prompt, engine.tokenizer, "/prompt") },
      signal,
      how.transcript,
    );
  if (read === undefined) throw new Error("A turn had no end");
  const sealed = how.state_codec === "none"
    ? undefined
    : await vault.seal(read, {
      codec: how.state_codec,
      profile: how.state_profile,
      tenant: c.get("tenant"),
      renewable: how.renewable,
    });
  const ms = performance.now() - begun;
  const { position } = read;
  return {
    id_slot,
    filename: isToken(filename) ? "" : filename,
    ...(action === "save"
      ? { n_saved: position, n_written: sealed?.bytes ?? 0 }
      : { n_restored: position, n_read: sealed?.bytes ?? 0 }),
    timings: action === "save" ? { save_ms: ms } : { restore_ms: ms },
    ...(turns.rebased && { rebased: turns.rebased }),
    state: sealed?.token,
  };
}

/** A token that has no text, for people. */
function tokenText(token: number): string {
  return `<${token}>`;
}
