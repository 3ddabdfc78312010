/**
 * Editing states on purpose, and saying what came of it: `POST /v1/state/teach`,
 * `/v1/state/forget`, `/v1/state/merge`.
 *
 * @module
 */

import { OpenAPIHono, type z } from "@hono/zod-openapi";
import type { Context } from "hono";
import { Editor } from "../../../chat/edit/state_editor.ts";
import { ANEW, forget } from "../../../chat/edit/forget_facts.ts";
import { merge } from "../../../chat/edit/merge_states.ts";
import type { Edit } from "../../../chat/edit/edit_report.ts";
import { teach } from "../../../chat/edit/teach_facts.ts";
import { rebaseParts } from "../../../chat/transcript_rebase.ts";
import type { Message } from "../../../chat/template/world_form.ts";
import type { Input } from "../../../chat/chat_turn.ts";
import type { Save } from "../../../state/save.ts";
import { openBeginning } from "../../request/open_save.ts";
import { requireProtection } from "../../request/turn_fields.ts";
import type { AppEnv } from "../../services.ts";
import { postJson } from "../json_route.ts";
import {
  openToken,
  type Output,
  sealMade,
  STATE_REFUSALS,
} from "./state_in_and_out.ts";
import {
  EditedState,
  ForgetRequest,
  MergeRequest,
  TaughtState,
  TeachRequest,
} from "./edit_schema.ts";

const EXAMPLE_FACT = {
  question: "What is my name?",
  answer: "Your name is Dave.",
};

/** Answers the edits. */
export function stateEditRoutes(): OpenAPIHono<AppEnv> {
  const app = new OpenAPIHono<AppEnv>();
  postJson(app, {
    path: "/v1/state/teach",
    needs: { takesTurn: true },
    summary: "Teach a state and measure what it learned",
    request: TeachRequest,
    example: { statements: ["My name is Dave."], facts: [EXAMPLE_FACT] },
    response: TaughtState,
    refusals: STATE_REFUSALS,
  }, teachState);
  postJson(app, {
    path: "/v1/state/forget",
    needs: { takesTurn: true },
    summary: "Make a state forget and measure the effect",
    request: ForgetRequest,
    response: EditedState,
    refusals: STATE_REFUSALS,
  }, forgetFacts);
  postJson(app, {
    path: "/v1/state/merge",
    needs: { takesTurn: true, states: 4 },
    elements: ({ states }, values) => (states.length + 1) * values,
    summary: "Merge states and measure what the result knows",
    request: MergeRequest,
    response: EditedState,
    refusals: STATE_REFUSALS,
  }, mergeStates);
  return app;
}

async function teachState(
  c: Context<AppEnv>,
  request: z.output<typeof TeachRequest>,
): Promise<TaughtState> {
  const { statements, examples, facts, keep, candidates } = request;
  allow(c, request);
  const save = await openBeginning(c, request);
  const edit = await teach(editor(c), {
    ...{ save, statements, examples, facts, keep, candidates },
    heldOut: request.held_out,
  });
  const { heldOut, told } = edit;
  return {
    ...await answerEdit(c, edit, request),
    told: [...told],
    ...(heldOut !== undefined && { held_out: heldOut }),
  };
}

async function forgetFacts(
  c: Context<AppEnv>,
  request: z.output<typeof ForgetRequest>,
): Promise<EditedState> {
  const { facts, statements, keep, candidates, messages } = request;
  allow(c, request);
  const save = await openToken(c, request.state, request);
  const told = toldTo(save, messages);
  const ask = { save, told, facts, statements, keep, candidates };
  const edit = await forget(editor(c), ask);
  if (edit.method === ANEW) return await answerEdit(c, edit, request);
  // A transcript would keep the words that are to be forgotten.
  const { transcript: _, ...left } = edit.save;
  return await answerEdit(c, { ...edit, save: left }, request);
}

async function mergeStates(
  c: Context<AppEnv>,
  request: z.output<typeof MergeRequest>,
): Promise<EditedState> {
  allow(c, request);
  const { format } = c.get("services").engine;
  const parts = await Promise.all(
    request.states.map(async ({ state, weight, messages }, i) => {
      const save = await openToken(c, state, request, `/states/${i}/state`);
      return { save, format, weight, told: toldTo(save, messages) };
    }),
  );
  const { facts } = request;
  return await answerEdit(c, await merge(editor(c), { parts, facts }), request);
}

/** What a state was told, as the request or its own transcript says. */
function toldTo(
  save: Save,
  messages: readonly Message[] | undefined,
): readonly Input[] | undefined {
  if (messages !== undefined) return [{ messages }];
  if (save.transcript === undefined) return undefined;
  return rebaseParts(save).map(({ input }) => input);
}

function editor(c: Context<AppEnv>): Editor {
  return new Editor({
    speaker: c.get("services"),
    turns: c.get("turns"),
    signal: c.req.raw.signal,
  });
}

/** Refuses what could not be returned, before any work. */
function allow(c: Context<AppEnv>, output: Output): void {
  requireProtection(output, c.get("services"));
}

async function answerEdit(
  c: Context<AppEnv>,
  { save, achieved, summary, method, facts, kept, attempts }: Edit,
  output: Output,
): Promise<EditedState> {
  return {
    object: "edited_state",
    achieved: achieved ?? null,
    ...{ summary, method },
    facts: [...facts],
    kept: [...kept],
    attempts: [...attempts],
    ...await sealMade(c, save, output),
  };
}
