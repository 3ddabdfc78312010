/**
 * Values checked against schemas: what comes out fits, with every default filled
 * in; what does not fit is named by JSON pointer, inside unions too.
 *
 * @module
 */

import { z } from "@hono/zod-openapi";
import { SchemaError } from "../problem.ts";
import { inSteps } from "../../steps.ts";
import { MOST_FAULTS, MOST_MESSAGES } from "../fields/long_lists.ts";

/** Passes over a value; each takes away what the one before could not see. */
const MOST_PASSES = 16;

/** A checked value, and the fields that were taken out of it. */
export interface Checked<T> {
  readonly value: T;
  /** `temprature`, `messages[].foo`; each once. */
  readonly ignored: readonly string[];
}

/**
 * Parameters of an issue about something that may be left out: a request without
 * it means nearly the same.
 */
export interface Ignorable {
  /** What it is called where it is named as ignored. */
  readonly ignorable: string;
}

/** A place that does not fit. */
interface Fault {
  readonly path: readonly PropertyKey[];
  readonly detail: string;
  /** What it is called if it may be left out. */
  readonly ignorable?: string;
  /** The type wanted where the value is of another one. */
  readonly expected?: string;
}

type SchemaIssue = z.core.$ZodIssue;

/**
 * Fits `value` to `schema`.
 *
 * @throws {SchemaError} Naming each place that does not fit.
 */
export function check<Schema extends z.ZodType>(
  value: unknown,
  schema: Schema,
): z.output<Schema> {
  return fittedValue(schema.safeParse(value));
}

/**
 * Fits `value` to `schema` as {@linkcode check} does, a long conversation in steps.
 *
 * @throws {SchemaError} Naming each place that does not fit.
 */
export async function checkInSteps<Schema extends z.ZodType>(
  value: unknown,
  schema: Schema,
): Promise<z.output<Schema>> {
  return fittedValue(await inSteps(parsing(value, schema)));
}

function fittedValue<T>({ success, data, error }: z.ZodSafeParseResult<T>): T {
  if (success) return data;
  throw schemaError(error.issues.flatMap((issue) => faultsOf(issue)));
}

/** Members that are a conversation, whichever dialect it is in. */
const CONVERSATION_FIELDS = ["input", "messages"];

/** Messages that are checked in one step. */
const MESSAGES_A_STEP = 1024;

/**
 * Fits a value to a schema. A long conversation is checked some messages at a time;
 * what is wrong with the other fields is said once, of the first of them.
 */
function* parsing<Schema extends z.ZodType>(
  value: unknown,
  schema: Schema,
): Generator<void, z.ZodSafeParseResult<z.output<Schema>>> {
  const fields = value instanceof Object
    ? value as Readonly<Record<string, unknown>>
    : {};
  const name = CONVERSATION_FIELDS.find((name) => Array.isArray(fields[name]));
  const all = name === undefined ? [] : fields[name] as readonly unknown[];
  // What is too long is refused without a look into it.
  if (
    name === undefined || all.length <= MESSAGES_A_STEP ||
    all.length > MOST_MESSAGES
  ) {
    return schema.safeParse(value);
  }
  const issues: SchemaIssue[] = [];
  const messages: unknown[] = [];
  let whole: object = {};
  for (let from = 0; from < all.length; from += MESSAGES_A_STEP) {
    const slice = {
      ...fields,
      [name]: all.slice(from, from + MESSAGES_A_STEP),
    };
    const { success, data, error } = schema.safeParse(slice);
    if (success) {
      const found = data as Readonly<Record<string, unknown>>;
      if (from === 0) whole = found;
      for (const message of found[name] as readonly unknown[]) {
        messages.push(message);
      }
    } else {
      const found = error.issues.filter(({ path }) =>
        from === 0 || path[0] === name
      );
      issues.push(...shifted(found, from));
    }
    if (issues.length > MOST_MESSAGES) break;
    yield;
  }
  return issues.length > 0
    ? { success: false, error: new z.ZodError(issues) as z.ZodError<never> }
    : { success: true, data: { ...whole, [name]: messages } as never };
}

/** Issues of a slice with their places in the whole list. */
function shifted(issues: readonly SchemaIssue[], from: number): SchemaIssue[] {
  return issues.map((issue) => {
    const [name, place, ...path] = issue.path;
    return typeof place === "number"
      ? { ...issue, path: [name, place + from, ...path] }
      : issue;
  });
}

/**
 * Fits `value` to `schema` as {@linkcode check} does, without the fields that are
 * not known and the parts that may be left out: those are taken out of `value`.
 *
 * @throws {SchemaError} Naming each place that does not fit.
 */
export async function checkLeniently<Schema extends z.ZodType>(
  value: unknown,
  schema: Schema,
): Promise<Checked<z.output<Schema>>> {
  const ignored = new Set<string>();
  for (let pass = 0;; pass++) {
    const { success, data, error } = await inSteps(parsing(value, schema));
    if (success) {
      return { value: data, ignored: [...ignored].slice(0, MOST_FAULTS) };
    }
    const faults = error.issues.flatMap((issue) => faultsOf(issue));
    const spare = faults.filter(({ ignorable }) => ignorable !== undefined);
    if (spare.length < faults.length || pass === MOST_PASSES) {
      const grave = faults.filter(({ ignorable }) => ignorable === undefined);
      throw schemaError(grave.length > 0 ? grave : faults);
    }
    for (const { path, ignorable = "" } of spare.slice(0, MOST_FAULTS)) {
      const inList = typeof path.at(-1) === "number";
      ignored.add(fieldName(inList ? path : path.slice(0, -1), ignorable));
    }
    // From the end, so that places in lists stay where they are.
    for (const { path } of spare.toReversed()) remove(value, path);
  }
}

function schemaError(faults: readonly Fault[]): SchemaError {
  const errors = faults.slice(0, MOST_FAULTS).map(({ path, detail }) => ({
    pointer: pointer(path),
    detail,
  }));
  const [first] = errors;
  return new SchemaError(
    `Cannot take request: ${first?.pointer || "the body"}: ${first?.detail}`,
    errors,
  );
}

function faultsOf(
  issue: SchemaIssue,
  at: readonly PropertyKey[] = [],
): Fault[] {
  const path = [...at, ...issue.path];
  switch (issue.code) {
    case "unrecognized_keys":
      return issue.keys.map((key) => ({
        path: [...path, key],
        detail: "is not a known field",
        ignorable: key,
      }));
    case "invalid_union":
      return unionFaults(issue, path);
    case "invalid_type":
      return [{
        path,
        detail: issue.message.endsWith("received undefined")
          ? "is missing"
          : issue.message,
        expected: issue.expected,
      }];
    case "custom": {
      const { ignorable }: Partial<Ignorable> = issue.params ?? {};
      return [{
        path,
        detail: issue.message,
        ...(ignorable !== undefined && { ignorable }),
      }];
    }
    default:
      return [{ path, detail: issue.message }];
  }
}

/** What is wrong by the branch that was meant, as far as that can be told. */
function unionFaults(
  issue: z.core.$ZodIssueInvalidUnion,
  path: readonly PropertyKey[],
): Fault[] {
  if (issue.errors.length === 0) {
    const options = "options" in issue && Array.isArray(issue.options)
      ? issue.options.filter((option) => typeof option === "string")
      : [];
    return [{
      path,
      detail: options.length === 0
        ? issue.message
        : `is none of ${options.join(", ")}`,
    }];
  }
  const branches = issue.errors.map((issues) =>
    issues.flatMap((issue) => faultsOf(issue, path))
  );
  const root = (faults: readonly Fault[]) =>
    faults.find((fault) => fault.path.length === path.length)?.expected;
  const meant = branches.filter((faults) => root(faults) === undefined)
    .toSorted((a, b) => depth(b) - depth(a) || a.length - b.length)[0];
  if (meant !== undefined) return meant;
  const types = new Set(branches.map(root));
  return [{ path, detail: `expected ${[...types].join(" or ")}` }];
}

function depth(faults: readonly Fault[]): number {
  return Math.max(...faults.map(({ path }) => path.length));
}

/** A field's name without places in lists: `messages[].foo`. */
function fieldName(path: readonly PropertyKey[], name: string): string {
  const before = path.reduce<string>(
    (text, key) =>
      typeof key === "number"
        ? `${text}[]`
        : text === ""
        ? String(key)
        : `${text}.${String(key)}`,
    "",
  );
  return before === "" ? name : `${before}.${name}`;
}

function remove(value: unknown, path: readonly PropertyKey[]): void {
  let parent = value as Record<PropertyKey, unknown>;
  for (const key of path.slice(0, -1)) {
    parent = parent[key] as Record<PropertyKey, unknown>;
  }
  const last = path.at(-1) ?? "";
  if (Array.isArray(parent)) parent.splice(Number(last), 1);
  else delete parent[last];
}

/** A path as a JSON pointer. */
export function pointer(path: readonly PropertyKey[]): string {
  return path.map((key) => `/${escapeKey(String(key))}`).join("");
}

/** A key in a JSON pointer. RFC 6901, section 3. */
export function escapeKey(key: string): string {
  return key.replaceAll("~", "~0").replaceAll("/", "~1");
}
