/**
 * Request bodies, read and checked: what comes out fits its schema, with every
 * default filled in, and the model that it is for is there.
 *
 * @module
 */

import type { z } from "@hono/zod-openapi";
import type { Context } from "hono";
import { RequestError } from "../../errors.ts";
import { arrived } from "./arrival.ts";
import { chooseModel } from "./model_choice.ts";
import { SchemaError } from "../problem.ts";
import type { AppEnv } from "../services.ts";

/** A body, and the state that came beside it as bytes. */
export interface Body<T> {
  readonly value: T;
  /** The part `state` of a multipart body. */
  readonly state?: Uint8Array<ArrayBuffer>;
}

/**
 * Reads a JSON body, and takes the model that it is for.
 *
 * @throws {RequestError} `_MEDIA_TYPE`, `_MALFORMED` or `_INVALID`.
 * @throws {ModelError} If the model cannot be had.
 */
export async function readJson<Schema extends z.ZodType>(
  c: Context<AppEnv>,
  schema: Schema,
): Promise<z.output<Schema>> {
  const type = mediaType(c);
  if (type !== "application/json") throw wrongType(type, "application/json");
  const value = check(parse(decode(await bytes(c))), schema);
  await chooseModel(c, value);
  return value;
}

/**
 * Reads a JSON body, or a form of the parts `request` (JSON) and `state`, and
 * takes the model that it is for.
 *
 * @throws {RequestError} `_MEDIA_TYPE`, `_MALFORMED` or `_INVALID`.
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
      [{ pointer: `/${escape(unknown)}`, detail: "is not expected" }],
    );
  }
  const request = form.get("request");
  const state = form.get("state");
  if (request === null) {
    throw new SchemaError("Cannot read form: it has no part request", [
      { pointer: "/request", detail: "is missing" },
    ]);
  }
  const value = check(parse(decode(await bytesOf(request))), schema);
  const token = state === null
    ? undefined
    : new Uint8Array(await bytesOf(state));
  await chooseModel(c, value, token);
  return { value, ...(token && { state: token }) };
}

/** Not read through Hono, which keeps the body for as long as the request. */
async function bytes(c: Context<AppEnv>): Promise<ArrayBuffer> {
  try {
    return await arrived(c, c.req.raw.arrayBuffer());
  } catch (error) {
    throw error instanceof RequestError ? error : brokenOff(error);
  }
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
  try {
    return await arrived(c, c.req.raw.formData());
  } catch (error) {
    if (error instanceof RequestError) throw error;
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

/** Bytes as text; on its own, so that they are gone when the text is parsed. */
function decode(bytes: ArrayBuffer): string {
  if (bytes.byteLength === 0) throw malformed("the body is empty");
  try {
    return new TextDecoder("utf-8", { fatal: true }).decode(bytes);
  } catch (error) {
    throw malformed("it is not UTF-8", error);
  }
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    throw malformed("it is not JSON", error);
  }
}

/** The error of a body whose client went away while sending it. */
export function brokenOff(cause: unknown): RequestError {
  return malformed("it breaks off", cause);
}

function malformed(found: string, cause?: unknown): RequestError {
  return new RequestError(
    "ERR_REQUEST_MALFORMED",
    `Cannot read body: ${found}`,
    { cause },
  );
}

/** Places named in one answer, which would be larger than its request else. */
const MOST_ERRORS = 32;

/** Fits `value` to `schema`, or says by JSON pointer where it does not fit. */
export function check<Schema extends z.ZodType>(
  value: unknown,
  schema: Schema,
): z.output<Schema> {
  const { success, data, error } = schema.safeParse(value);
  if (success) return data;
  const errors = error.issues.slice(0, MOST_ERRORS).flatMap((issue) =>
    issue.code === "unrecognized_keys"
      ? issue.keys.slice(0, MOST_ERRORS).map((key) => ({
        pointer: pointer([...issue.path, key]),
        detail: "is not a known field",
      }))
      : [{ pointer: pointer(issue.path), detail: issue.message }]
  ).slice(0, MOST_ERRORS);
  const [first] = errors;
  throw new SchemaError(
    `Cannot take request: ${first?.pointer || "the body"}: ${first?.detail}`,
    errors,
  );
}

function pointer(path: readonly PropertyKey[]): string {
  return path.map((key) => `/${escape(String(key))}`).join("");
}

/** RFC 6901, section 3. */
function escape(key: string): string {
  return key.replaceAll("~", "~0").replaceAll("/", "~1");
}
