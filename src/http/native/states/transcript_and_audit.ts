/**
 * What a state can be held to: `POST /v1/state/transcript` and `/v1/state/audit`.
 *
 * @module
 */

import { OpenAPIHono, z } from "@hono/zod-openapi";
import type { Context } from "hono";
import { blankChain, extendingChain } from "../../../state/token_chain.ts";
import { inSteps, letOthers } from "../../../steps.ts";
import { inspectSeal } from "../../../state/analysis/inspect_save.ts";
import type { OpenedFile } from "../../../state/vault.ts";
import { spokenTurns, transcriptLength } from "../../../state/transcript.ts";
import { TRANSCRIPT_ROLES } from "../../../state/transcript_section.ts";
import type { AppEnv } from "../../services.ts";
import { postJson } from "../json_route.ts";
import { expectTranscript, readText, Token } from "./state_in_and_out.ts";
import { snakeCase } from "../../answer/snake_case.ts";
import { Seal } from "./inspect_and_diff.ts";

const AccountRequest = z.strictObject({ state: Token });

const TranscriptBody = z.object({
  object: z.literal("transcript"),
  position: z.int().describe("Tokens the state has read"),
  turns: z.array(z.object({
    role: z.enum(TRANSCRIPT_ROLES).describe(
      "`text` was a prompt and `continuation` what the model wrote after it; " +
        "`thought` precedes an answer, `tools` describes functions",
    ),
    text: z.string(),
  })),
  text: z.string().describe(
    "Everything the state has read, verbatim, the text of the chat template " +
      "included; invalid UTF-8 becomes U+FFFD",
  ),
}).openapi("Transcript");

const Audit = z.object({
  object: z.literal("audit"),
  intact: z.boolean().describe(
    "Whether the transcript matches the state's hash chain, and the model's " +
      "vocabulary if this server has it",
  ),
  chain: z.string().describe("Hash chain in the state"),
  recomputed: z.string().describe("Hash chain over the transcript's tokens"),
  position: z.int().describe("Tokens the state has read"),
  bytes: z.int().describe("Bytes of the text"),
  words: z.enum(["checked", "wrong", "unknown"]).describe(
    "Whether the text matches the model's vocabulary; `unknown` if that model is " +
      "not loaded on this server",
  ),
  model: z.object({
    fingerprint: z.string(),
    name: z.string().optional().describe("Name of the model on this server"),
  }),
  seal: Seal,
  note: z.object({ engine: z.string(), device: z.string() })
    .describe("Program that wrote the file, according to the file"),
}).openapi("Audit");

/** Answers what a state has read, and whether that is true. */
export function stateAccountRoutes(): OpenAPIHono<AppEnv> {
  const app = new OpenAPIHono<AppEnv>();
  postJson(app, {
    path: "/v1/state/transcript",
    summary: "Return everything that a state of any model has read",
    request: AccountRequest.openapi("TranscriptRequest"),
    response: TranscriptBody,
    elements: ({ state }) => state.length,
    refusals: [403],
  }, async (c, { state }) => await transcriptOf(await readText(c, state)));
  postJson(app, {
    path: "/v1/state/audit",
    summary: "Compare a state's transcript with its hash chain",
    request: AccountRequest.openapi("AuditRequest"),
    response: Audit,
    elements: ({ state }) => state.length,
    refusals: [403],
  }, async (c, { state }) => await audit(c, await readText(c, state)));
  return app;
}

async function transcriptOf(
  file: OpenedFile,
): Promise<z.infer<typeof TranscriptBody>> {
  const { save: { position, unread } } = file;
  const transcript = expectTranscript(file);
  const length = transcriptLength(transcript, unread);
  const whole = {
    ...transcript,
    turns: [{ role: "text", from: 0, to: length } as const],
  };
  const [all] = spokenTurns(whole, unread);
  await letOthers();
  return {
    object: "transcript",
    position,
    turns: spokenTurns(transcript, unread),
    text: all?.text ?? "",
  };
}

async function audit(
  c: Context<AppEnv>,
  file: OpenedFile,
): Promise<z.infer<typeof Audit>> {
  const { save, format, note } = file;
  const transcript = expectTranscript(file);
  const { engine: { model, tokenizer } } = c.get("services");
  const fingerprint = format.fingerprint.toHex();
  const chained = await inSteps(
    extendingChain(blankChain(), transcript.tokens),
  );
  const recomputed = chained.toHex();
  const chain = save.chain.toHex();
  const known = model.fingerprint === fingerprint;
  const same = (word: Uint8Array, token: number) =>
    word.toHex() === tokenizer.bytes(token).toHex();
  const words = !known
    ? "unknown"
    : [...transcript.words].every(([token, word]) => same(word, token))
    ? "checked"
    : "wrong";
  return {
    object: "audit",
    intact: chain === recomputed && words !== "wrong",
    chain,
    recomputed,
    position: save.position,
    bytes: transcriptLength(transcript, save.unread),
    words,
    model: { fingerprint, ...(known && { name: model.id }) },
    seal: Seal.parse(snakeCase(inspectSeal(file))),
    note,
  };
}
