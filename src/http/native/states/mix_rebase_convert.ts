/**
 * Making states: `POST /v1/state/mix`, `/v1/state/rebase`, `/v1/state/convert`.
 *
 * @module
 */

import { OpenAPIHono, z } from "@hono/zod-openapi";
import type { Context } from "hono";
import { inSteps } from "../../../steps.ts";
import { StateError } from "../../../errors.ts";
import {
  exportingState,
  importState,
  STATE_LAYOUTS,
} from "../../../state/foreign/convert_state.ts";
import { MOST_POSITION } from "../../../state/save_header.ts";
import { mixing } from "../../../state/analysis/mix_states.ts";
import { list, MOST_MESSAGES } from "../../fields/long_lists.ts";
import { postJson } from "../json_route.ts";
import { KeepTranscript } from "../../fields/state_fields.ts";
import { Rebased } from "../../answer/answer_report.ts";
import { ModelName, TEXT_LIMIT } from "../../fields/text_fields.ts";
import { RequestMessage } from "../generate_schema.ts";
import type { AppEnv } from "../../services.ts";
import { requireProtection } from "../../request/turn_fields.ts";
import {
  expectTranscript,
  LEAST_WEIGHT,
  MadeState,
  MOST_WEIGHT,
  openToken,
  output,
  readText,
  sealMade,
  STATE_REFUSALS,
  Token,
} from "./state_in_and_out.ts";

const MixRequest = z.strictObject({
  model: ModelName,
  states: z.array(z.strictObject({
    state: Token,
    weight: z.number().min(-MOST_WEIGHT).max(MOST_WEIGHT)
      .refine(
        (weight) => weight === 0 || Math.abs(weight) >= LEAST_WEIGHT,
        `expected 0, or at least ${LEAST_WEIGHT} in size`,
      )
      .describe(
        "Weight in the mean, which may be negative; weights need not sum to 1",
      ),
  })).min(1).max(8),
  ...output,
}).openapi("MixRequest");

const RebaseRequest = z.strictObject({
  model: ModelName,
  prompt: z.string().max(TEXT_LIMIT).optional()
    .describe("The whole text, verbatim"),
  messages: list(RequestMessage).min(1).max(MOST_MESSAGES).optional()
    .describe("The whole conversation, in place of `prompt`"),
  state: Token.optional()
    .describe(
      "State whose transcript is read; with `prompt` or `messages`, a state to " +
        "compare with",
    ),
  transcript: KeepTranscript,
  ...output,
}).refine(
  ({ prompt, messages }) => prompt === undefined || messages === undefined,
  "takes either prompt or messages",
).refine(
  ({ prompt, messages, state }) => (prompt ?? messages ?? state) !== undefined,
  "requires a prompt, messages or a state with a transcript",
).openapi("RebaseRequest");

const RebasedState = MadeState.extend({
  same_text: z.boolean().optional()
    .describe("Whether the given state has read exactly this text"),
  rebased: Rebased.optional()
    .describe("Present if the text is that of the given state"),
}).openapi("RebasedState");

const Layout = z.enum(STATE_LAYOUTS);

const ConvertRequest = z.union([
  z.strictObject({
    model: ModelName,
    from: Layout.describe("Format of the file"),
    data: z.base64().describe("The file"),
    position: z.int().min(0).max(MOST_POSITION).default(0)
      .describe(
        "Number of tokens the state has read, if the file does not record it",
      ),
    ...output,
  }),
  z.strictObject({
    model: ModelName,
    to: Layout.describe("Format to export to"),
    state: Token,
  }),
]).openapi("ConvertRequest");

const Converted = z.union([
  MadeState,
  z.object({ data: z.base64(), bytes: z.int() }),
]).openapi("Converted");

/** Answers the tools that make states. */
export function stateMakeRoutes(): OpenAPIHono<AppEnv> {
  const app = new OpenAPIHono<AppEnv>();
  postJson(app, {
    path: "/v1/state/mix",
    needs: { states: 8 },
    summary: "Mix states by weight",
    request: MixRequest,
    response: MadeState,
    elements: ({ states }, values) => (states.length + 1) * values,
    refusals: STATE_REFUSALS,
  }, async (c, request) => {
    requireProtection(request, c.get("services"));
    const { format } = c.get("services").engine;
    const ingredients = await Promise.all(
      request.states.map(async ({ state, weight }, i) => ({
        save: await openToken(c, state, request, `/states/${i}/state`),
        format,
        weight,
      })),
    );
    return await sealMade(c, await inSteps(mixing(ingredients)), request);
  });
  postJson(app, {
    path: "/v1/state/rebase",
    needs: { takesTurn: true },
    summary: "Rebuild a state from its text",
    request: RebaseRequest,
    example: { messages: [{ role: "user", content: "Hello!" }] },
    response: RebasedState,
    refusals: STATE_REFUSALS,
  }, rebase);
  postJson(app, {
    path: "/v1/state/convert",
    summary: "Convert states from and to other engines",
    request: ConvertRequest,
    response: Converted,
    elements: (_, values) => 2 * values,
    refusals: STATE_REFUSALS,
  }, convert);
  return app;
}

async function rebase(
  c: Context<AppEnv>,
  request: z.output<typeof RebaseRequest>,
): Promise<z.infer<typeof RebasedState>> {
  const { prompt, messages, state, transcript } = request;
  requireProtection(request, c.get("services"));
  if (state !== undefined && prompt === undefined && messages === undefined) {
    return await rebaseAlone(c, state, request);
  }
  const old = state === undefined
    ? undefined
    : await openToken(c, state, request);
  const save = await c.get("turns").read(
    undefined,
    prompt === undefined ? { messages: messages ?? [] } : { prompt },
    c.req.raw.signal,
    transcript,
  );
  const made = await sealMade(c, save, request);
  if (old === undefined) return made;
  const same = old.position === save.position &&
    old.unread.join() === save.unread.join() &&
    old.chain.every((byte, i) => byte === save.chain[i]);
  return { ...made, same_text: same };
}

/** Reads a state's own transcript anew, by whichever model it was read before. */
async function rebaseAlone(
  c: Context<AppEnv>,
  state: string,
  request: z.output<typeof RebaseRequest>,
): Promise<z.infer<typeof RebasedState>> {
  const turns = c.get("turns");
  const file = await readText(c, state, request);
  expectTranscript(file);
  const { transcript } = request;
  const { signal } = c.req.raw;
  const old = turns.rebase(file);
  const save = await turns.read(old, { prompt: "" }, signal, transcript);
  const made = await sealMade(c, save, request);
  const { rebased } = turns;
  return { ...made, ...(rebased && { rebased }) };
}

async function convert(
  c: Context<AppEnv>,
  request: z.output<typeof ConvertRequest>,
): Promise<z.infer<typeof Converted>> {
  const { engine: { model: { shape } }, portable } = c.get("services");
  if (!portable) {
    throw new StateError(
      "ERR_STATE_PROFILE",
      "Cannot convert state: this server seals every state, and neither gives " +
        "nor takes their values. The operator allows it with --portable",
    );
  }
  if ("to" in request) {
    const save = await openToken(c, request.state, {
      state_profile: "portable",
    });
    const bytes = await inSteps(exportingState(save, request.to, shape));
    return { data: bytes.toBase64(), bytes: bytes.length };
  }
  requireProtection(request, c.get("services"));
  const [low = 0, high = 0] = crypto.getRandomValues(new Uint32Array(2));
  const save = await importState(
    fromBase64(request.data),
    request.from,
    shape,
    { position: request.position, seed: [low, high] },
  );
  return await sealMade(c, save, request);
}

function fromBase64(data: string): Uint8Array<ArrayBuffer> {
  try {
    return Uint8Array.fromBase64(data);
  } catch (cause) {
    throw new StateError(
      "ERR_STATE_UNREADABLE",
      "Cannot read state: the data is not base64",
      { cause },
    );
  }
}
