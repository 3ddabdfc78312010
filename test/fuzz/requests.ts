/**
 * Requests made from the API's own document: for every operation some that fit,
 * some that all but do, and some that are nothing of the kind.
 *
 * @module
 */

import fc from "fast-check";
import { mutate, mutationList, type Token } from "../support/mutate.ts";
import { hostile, TEXTS } from "./hostile.ts";
import {
  fitting,
  type Schema,
  spoiled,
  type ValueOptions,
} from "./schema_values.ts";

/** A request as it can be printed, repeated and sent. */
export interface Shot {
  readonly method: string;
  readonly path: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body?: string | Uint8Array<ArrayBuffer>;
  /** The part `state` of a form whose part `request` is the body. */
  readonly form?: Uint8Array<ArrayBuffer>;
}

/** As much of an OpenAPI document as requests are made from. */
export interface Api {
  readonly paths: Readonly<Record<string, Readonly<Record<string, Operation>>>>;
  readonly components: { readonly schemas: Readonly<Record<string, Schema>> };
}

interface Operation {
  readonly requestBody?: {
    readonly content: Readonly<Record<string, { readonly schema: Schema }>>;
  };
}

const JSON_TYPE = "application/json";

/** Grammars that are kept to, and such that machines choke on. */
const GRAMMARS: readonly unknown[] = [
  { type: "json" },
  { type: "regex", pattern: "[ab]{1,4}" },
  { type: "regex", pattern: "(a+)+$" },
  { type: "regex", pattern: "(x|x)*y" },
  { type: "regex", pattern: "((a{0,99}){0,99}){0,99}" },
  { type: "regex", pattern: "(" },
  { type: "ebnf", rules: 'root ::= "a" root | "b"' },
  { type: "ebnf", rules: "root ::= root" },
  { type: "ebnf", rules: 'root ::= a\na ::= b\nb ::= a | "x"' },
  { type: "json_schema", schema: { type: "integer" } },
  { type: "json_schema", schema: { $ref: "#" } },
  {
    type: "json_schema",
    schema: { type: "object", properties: { a: { enum: ["x", 1, null] } } },
  },
];

const FORMATS: readonly unknown[] = [
  { type: "text" },
  { type: "json_object" },
  {
    type: "json_schema",
    json_schema: { name: "x", schema: { type: "boolean" } },
  },
  { type: "json_schema", json_schema: { name: "__proto__", schema: {} } },
];

const TOOLS: readonly unknown[] = [
  [],
  [{ type: "function", function: { name: "look", parameters: {} } }],
  [{ type: "function", function: { name: "constructor" } }],
];

const biases = fc.dictionary(
  fc.oneof(fc.nat(310).map(String), fc.constantFrom(...TEXTS)),
  fc.constantFrom(-100, 100, 0.5, -1),
  { maxKeys: 8 },
);

/** What there is to name and to send. */
export interface Ammunition {
  /** The name of the model. */
  readonly model: string;
  /** Tokens that open, and some that do not. */
  readonly states: readonly string[];
  /** A state as other engines write it. */
  readonly files: readonly Uint8Array<ArrayBuffer>[];
}

/** Shots at every operation of `api`. */
export function shots(
  api: Api,
  { model, states, files }: Ammunition,
): fc.Arbitrary<Shot> {
  const file = fc.tuple(fc.nat(files.length - 1), mutationList(), fc.boolean());
  const few = fc.integer({ min: 0, max: 6 });
  const state = fc.constantFrom(...states);
  const content = fc.oneof(
    fc.constantFrom("Hi", "What is it?"),
    fc.constantFrom(...TEXTS),
  );
  const options: ValueOptions = {
    schemas: api.components.schemas,
    known: {
      model: fc.nat(19).map((roll) => roll === 0 ? "other" : model),
      initial: fc.constant(undefined),
      state,
      a: state,
      b: state,
      previous_response_id: fc.constantFrom(null, ...states.slice(0, 2)),
      encrypted_content: state,
      messages: fc.array(
        fc.record({
          role: fc.constantFrom("user", "assistant", "system"),
          content,
        }),
        { minLength: 1, maxLength: 3 },
      ),
      input: fc.oneof(
        content,
        content.map((content) => [{ role: "user", content }]),
        fc.tuple(state, content).map(([encrypted_content, content]) => [
          { type: "reasoning", encrypted_content },
          { role: "user", content },
        ]),
      ),
      data: file.map(([which, changes, damaged]) => {
        const whole: Token = files[which];
        const data = damaged ? changes.reduce(mutate, whole) : whole;
        return typeof data === "string" ? data : data.toBase64();
      }),
      tools: fc.constantFrom(...TOOLS),
      response_format: fc.constantFrom(...FORMATS),
      logprobs: fc.constantFrom(true, false, 2, null),
      max_tokens: few,
      max_completion_tokens: few,
      max_output_tokens: few,
      n: fc.integer({ min: 1, max: 3 }),
      logit_bias: biases,
      grammar: fc.constantFrom(...GRAMMARS),
      candidates: fc.integer({ min: 0, max: 3 }),
      branches: fc.array(
        fc.record({ prompt: fc.constantFrom("a", ""), max_tokens: few }),
        { minLength: 1, maxLength: 3 },
      ),
    },
  };
  const each = Object.entries(api.paths).flatMap(([path, item]) =>
    Object.entries(item).map(([method, operation]) =>
      shotsAt(path, method.toUpperCase(), operation, options)
    )
  );
  return fc.oneof(
    { weight: 12, arbitrary: fc.oneof(...each) },
    { weight: 1, arbitrary: strayShots(Object.keys(api.paths)) },
  );
}

function shotsAt(
  path: string,
  method: string,
  { requestBody }: Operation,
  options: ValueOptions,
): fc.Arbitrary<Shot> {
  const schema = requestBody?.content[JSON_TYPE]?.schema;
  const filled = fc.oneof(
    fc.constantFrom(...TEXTS),
    fc.string({ maxLength: 9 }),
  ).map((text) => path.replace(/\{\w+\}/, encode(text)));
  const where = path.includes("{") ? filled : fc.constant(path);
  if (schema === undefined) {
    return where.map((path) => ({ method, path, headers: {} }));
  }
  const fit = fitting(schema, options);
  const value = fc.oneof(
    { weight: 5, arbitrary: fit },
    { weight: 5, arbitrary: spoiled(fit) },
    { weight: 1, arbitrary: hostile },
  );
  const text = value.map((value) => JSON.stringify(value));
  const json = text.map((body): Shot => ({
    method,
    path,
    headers: { "content-type": JSON_TYPE },
    body,
  }));
  const others = [
    { weight: 12, arbitrary: json },
    { weight: 2, arbitrary: fc.tuple(json, fc.nat(), fc.nat(255)).map(damage) },
    { weight: 1, arbitrary: fc.tuple(json, strangeHeaders).map(dress) },
  ];
  if (requestBody?.content["multipart/form-data"] === undefined) {
    return fc.oneof(...others);
  }
  const form = fc.tuple(json, fc.uint8Array({ maxLength: 60 })).map((
    [shot, form],
  ): Shot => ({ ...shot, headers: {}, form: new Uint8Array(form) }));
  return fc.oneof(...others, { weight: 1, arbitrary: form });
}

/** Cuts a body, or flips a byte of it. */
function damage([shot, place, byte]: [Shot, number, number]): Shot {
  const bytes = new TextEncoder().encode(String(shot.body));
  const at = place % Math.max(1, bytes.length);
  const body = byte % 3 === 0 ? bytes.slice(0, at) : bytes.with(at, byte);
  return { ...shot, body };
}

const strangeHeaders: fc.Arbitrary<Record<string, string>> = fc.constantFrom(
  { "content-type": "text/plain" },
  { "content-type": "application/json; charset=utf-16" },
  { "content-type": "multipart/form-data" },
  { "content-type": "multipart/form-data; boundary=x" },
  { "content-type": "APPLICATION/JSON;;;" },
  { accept: "multipart/mixed" },
  { accept: "*/*;q=bogus, , text/event-stream;q=9" },
  { "accept-language": "x".repeat(2000) },
  { authorization: "Bearer " + "x".repeat(5000) },
  { "x-request-id": "../../etc/passwd" },
  { "content-encoding": "gzip" },
  { range: "bytes=0-1" },
  { origin: "null", "access-control-request-method": "POST" },
  { "x-forwarded-for": "127.0.0.1" },
  { origin: "https://evil.example", "sec-fetch-site": "cross-site" },
  { host: "evil.example" },
  { "x-http-method-override": "DELETE" },
);

function dress([shot, headers]: [Shot, Record<string, string>]): Shot {
  return { ...shot, headers: { ...shot.headers, ...headers } };
}

/** Requests for what is not there, or not with this method. */
function strayShots(paths: readonly string[]): fc.Arbitrary<Shot> {
  const path = fc.oneof(
    fc.constantFrom(...paths, "/", "/page.js", "/docs", "/openapi.json"),
    fc.constantFrom(...TEXTS).map((text) => `/${encode(text)}`),
    fc.constantFrom(...TEXTS).map((text) => `/problems/${encode(text)}`),
    fc.constantFrom(
      "//",
      "/../../etc/passwd",
      "/%2e%2e/%2e%2e/etc/passwd",
      "/v1/../../main.ts",
      "/v1//generate",
      "/v1/generate/",
      "/V1/GENERATE",
      "/v1/models/%00",
      "/v1/models/..%2f..%2f",
      "/problems/__proto__",
      "/page.js?x=" + "y".repeat(3000),
      "/%",
      "/%ff%fe",
    ),
  );
  const method = fc.constantFrom(
    "GET",
    "POST",
    "PUT",
    "DELETE",
    "PATCH",
    "OPTIONS",
    "HEAD",
    "PROPFIND",
  );
  return fc.tuple(method, path).map(([method, path]) => ({
    method,
    path,
    headers: {},
    ...(method === "POST" && { body: "{}" }),
  }));
}

function encode(text: string): string {
  try {
    return encodeURIComponent(text);
  } catch {
    return "%ED%A0%80"; // half a character has no UTF-8, but bytes like it
  }
}

/** A shot as a request. */
export function requestOf(
  { method, path, headers, body, form }: Shot,
  signal: AbortSignal,
): Request {
  const url = `http://tiny${path}`;
  if (form === undefined) {
    return new Request(url, { method, headers, body: body ?? null, signal });
  }
  const parts = new FormData();
  parts.set("request", String(body));
  parts.set("state", new Blob([form]));
  return new Request(url, { method, headers, body: parts, signal });
}
