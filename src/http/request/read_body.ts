/**
 * Request bodies, read and checked: what comes out fits its schema, with every
 * default filled in, and the model that it is for is there.
 *
 * @module
 */

import type { z } from "@hono/zod-openapi";
import type { Context } from "hono";
import { RequestError } from "../../errors.ts";
import { withBodyDeadline } from "./body_deadline.ts";
import { chooseModel } from "./model_choice.ts";
import { inSteps, letOthers } from "../../steps.ts";
import { SchemaError } from "../problem.ts";
import type { AppEnv } from "../services.ts";
import { expectAmount } from "./json_amount.ts";
import { HistoryReader } from "./history_states.ts";
import { checkInSteps, checkLeniently, escapeKey } from "./schema_check.ts";

/** A body, and the state that came beside it as bytes. */
export interface Body<T> {
  readonly value: T;
  /** The part `state` of a multipart body. */
  readonly state?: Uint8Array<ArrayBuffer>;
}

/**
 * Reads a JSON body, and takes the model that it is for.
 *
 * @throws {RequestError} `_MEDIA_TYPE`, `_MALFORMED`, `_TOO_LARGE` or `_INVALID`.
 * @throws {ModelError} If the model cannot be had.
 */
export async function readJson<Schema extends z.ZodType>(
  c: Context<AppEnv>,
  schema: Schema,
): Promise<z.output<Schema>> {
  const value = await checkInSteps(await jsonBody(c), schema);
  await chooseModel(c, value);
  return value;
}

/**
 * Reads a JSON body as {@linkcode readJson} does, but ignores what is not known
 * unless the server is strict: names it in a header of the answer and in the
 * request's record.
 *
 * @param stateOf Finds the state where it is not the field `state`.
 * @throws {RequestError} `_MEDIA_TYPE`, `_MALFORMED`, `_TOO_LARGE` or `_INVALID`.
 * @throws {ModelError} If the model cannot be had.
 */
export async function readLeniently<Schema extends z.ZodType>(
  c: Context<AppEnv>,
  schema: Schema,
  stateOf?: (
    value: z.output<Schema>,
  ) => string | Uint8Array<ArrayBuffer> | undefined,
): Promise<z.output<Schema>> {
  const given = await jsonBody(c);
  const { value, ignored } = c.get("strict")
    ? { value: await checkInSteps(given, schema), ignored: [] }
    : await checkLeniently(given, schema);
  if (ignored.length > 0) {
    // Names come from the client, and neither place is for texts.
    const names = ignored.map((name) => FIELD_NAME.test(name) ? name : "?");
    c.header(IGNORED, names.join(", "));
    c.get("record").ignored = names;
  }
  await chooseModel(c, value, stateOf?.(value));
  return value;
}

/** The header that names the fields of a request that were ignored. */
export const IGNORED = "gosling-ignored";

const FIELD_NAME = /^[\w.[\]-]{1,64}$/;

/**
 * Reads a JSON body, or a form of the parts `request` (JSON) and `state`, and
 * takes the model that it is for.
 *
 * @throws {RequestError} `_MEDIA_TYPE`, `_MALFORMED`, `_TOO_LARGE` or `_INVALID`.
 * @throws {ModelError} If the model cannot be had.
 */
export async function readBody<Schema extends z.ZodType>(
  c: Context<AppEnv>,
  schema: Schema,
): Promise<Body<z.output<Schema>>> {
  if (mediaType(c) !== "multipart/form-data") {
    return { value: await readJson(c, schema) };
  }
  const form = await readForm(c);
  const unknown = [...form.keys()].find((name) =>
    name !== "request" && name !== "state"
  );
  if (unknown !== undefined) {
    throw new SchemaError(
      `Cannot read form: it has a part ${unknown}, expected request and state`,
      [{ pointer: `/${escapeKey(unknown)}`, detail: "is not expected" }],
    );
  }
  const request = form.get("request");
  const state = form.get("state");
  if (request === null) {
    throw new SchemaError("Cannot read form: it has no part request", [
      { pointer: "/request", detail: "is missing" },
    ]);
  }
  const value = await checkInSteps(await parse(await bytesOf(request)), schema);
  const token = state === null
    ? undefined
    : new Uint8Array(await bytesOf(state));
  await chooseModel(c, value, token);
  return { value, ...(token && { state: token }) };
}

/**
 * Reads a JSON body, of whatever schema, for no model.
 *
 * @throws {RequestError} `_MEDIA_TYPE` or `_MALFORMED`.
 */
export async function jsonBody(c: Context<AppEnv>): Promise<unknown> {
  const type = mediaType(c);
  if (type !== "application/json" && !c.get("anyType")) {
    throw wrongType(type, "application/json");
  }
  return await parse(await bytes(c), c.get("mostValues"));
}

/** Not read through Hono, which keeps the body for as long as the request. */
async function bytes(c: Context<AppEnv>): Promise<ArrayBuffer> {
  const most = c.get("keepBytes");
  const { raw } = c.req;
  try {
    return await withBodyDeadline(
      c,
      most === undefined ? raw.arrayBuffer() : readHistory(raw, most),
    );
  } catch (error) {
    throw error instanceof RequestError ? error : new BrokenBodyError(error);
  }
}

async function readHistory(
  { body }: Request,
  most: number,
): Promise<ArrayBuffer> {
  const reader = new HistoryReader(most);
  for await (const chunk of body ?? []) reader.push(chunk);
  return reader.finish();
}

function mediaType(c: Context<AppEnv>): string {
  const [type = ""] = (c.req.header("content-type") ?? "").split(";");
  return type.trim().toLowerCase();
}

function wrongType(found: string, expected: string): RequestError {
  return new RequestError(
    "ERR_REQUEST_MEDIA_TYPE",
    `Cannot read body: its content-type is ${found || "absent"}, ` +
      `expected ${expected}`,
  );
}

async function readForm(c: Context<AppEnv>): Promise<FormData> {
  const body = await bytes(c);
  try {
    const headers = { "content-type": c.req.header("content-type") ?? "" };
    return await new Response(body, { headers }).formData();
  } catch (error) {
    throw new RequestError(
      "ERR_REQUEST_MALFORMED",
      "Cannot read form: it is not multipart/form-data",
      { cause: error },
    );
  }
}

function bytesOf(part: FormDataEntryValue): Promise<ArrayBuffer> {
  return new Blob([part]).arrayBuffer();
}

/** Bytes of a body after which others go first. */
const LARGE = 2 ** 18;

/** Bytes that are decoded in one step: about 10 ms. */
const STEP = 2 ** 22;

/** Bytes as text; on its own, so that they are gone when the text is parsed. */
function* decoding(bytes: ArrayBuffer): Generator<void, string> {
  if (bytes.byteLength === 0) throw malformed("the body is empty");
  const decoder = new TextDecoder("utf-8", { fatal: true });
  let text = "";
  try {
    for (let at = 0; at < bytes.byteLength; at += STEP) {
      const length = Math.min(STEP, bytes.byteLength - at);
      const piece = new Uint8Array(bytes, at, length);
      text += decoder.decode(piece, { stream: true });
      yield;
    }
    return text + decoder.decode();
  } catch (error) {
    throw malformed("it is not UTF-8", error);
  }
}

/** Bytes as values, with room for other requests where there are many. */
async function parse(bytes: ArrayBuffer, most?: number): Promise<unknown> {
  const wait = bytes.byteLength > LARGE ? letOthers : () => {};
  expectAmount(new Uint8Array(bytes), most);
  const text = await inSteps(decoding(bytes));
  await wait();
  const value = valueOf(text);
  await wait();
  return value;
}

function valueOf(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    throw malformed("it is not JSON", error);
  }
}

/** A body did not come to its end: its client went away, or the server closes. */
export class BrokenBodyError extends RequestError {
  /** Says so. */
  constructor(cause: unknown) {
    super("ERR_REQUEST_MALFORMED", "Cannot read body: it breaks off", {
      cause,
    });
  }
}

function malformed(found: string, cause?: unknown): RequestError {
  return new RequestError(
    "ERR_REQUEST_MALFORMED",
    `Cannot read body: ${found}`,
    { cause },
  );
}
