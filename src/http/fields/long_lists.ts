/**
 * Schemas of long lists and tables that look no further than the first few faults:
 * zod describes each of a million with an object and a sentence, of which an answer
 * names {@linkcode MOST_FAULTS}.
 *
 * @module
 */

import { z } from "@hono/zod-openapi";

/** Faults that one answer names. */
export const MOST_FAULTS = 32;

/** Messages of one conversation. */
export const MOST_MESSAGES = 10_000;

/** Entries that are checked before faults are counted. */
const SLICE = 64;

type ListIssue = z.core.$ZodRawIssue;

const List = z.core.$constructor<
  z.ZodArray,
  z.core.$ZodArrayDef
>("GoslingList", (inst, def) => {
  z.ZodArray.init(inst, def);
  const { parse } = inst._zod;
  inst._zod.parse = (payload, context) => {
    const { value, issues } = payload;
    if (!Array.isArray(value) || value.length <= SLICE || tooLong(value, def)) {
      return parse(payload, context);
    }
    const found: unknown[] = [];
    payload.value = found;
    let grave = 0;
    for (let from = 0; from < value.length; from += SLICE) {
      const slice = value.slice(from, from + SLICE);
      const part = parse({ value: slice, issues: [] }, context);
      if (part instanceof Promise) throw new TypeError("A check takes time");
      for (const issue of part.issues) {
        const [place = 0, ...path] = issue.path ?? [];
        issues.push({ ...issue, path: [Number(place) + from, ...path] });
        if (!maybeSpare(issue)) grave++;
      }
      for (const entry of part.value as unknown[]) found.push(entry);
      if (grave > MOST_FAULTS || issues.length > MOST_MESSAGES) break;
    }
    return payload;
  };
});

/** Whether an entry of a table is as it should be. */
type Fits = (key: string, value: unknown) => boolean;

const Table = z.core.$constructor<
  z.ZodRecord<z.ZodString, z.ZodType>,
  z.core.$ZodRecordDef & { readonly fits: Fits }
>("GoslingTable", (inst, def) => {
  z.ZodRecord.init(inst, def);
  const { parse } = inst._zod;
  inst._zod.parse = (payload, context) => {
    const { value } = payload;
    if (!(value instanceof Object) || Array.isArray(value)) {
      return parse(payload, context);
    }
    const faults = Object.entries(value)
      .filter(([key, member]) => !def.fits(key, member));
    if (faults.length === 0) return payload;
    payload.value = Object.fromEntries(faults.slice(0, MOST_FAULTS));
    return parse(payload, context);
  };
});

/** A list of any length; see {@linkcode MOST_FAULTS}. */
export function list<T extends z.ZodType>(element: T): z.ZodArray<T> {
  return new List({ type: "array", element }) as unknown as z.ZodArray<T>;
}

/**
 * An object whose keys are data.
 *
 * @param fits Tells the same of an entry as the two schemas, but at once.
 */
export function table<T extends z.ZodType>(
  keyType: z.ZodString,
  valueType: T,
  fits: Fits,
): z.ZodRecord<z.ZodString, T> {
  return new Table({ type: "record", keyType, valueType, fits }) as z.ZodRecord<
    z.ZodString,
    T
  >;
}

/** Whether zod refuses a list for its length without a look into it. */
function tooLong(
  { length }: readonly unknown[],
  { checks = [] }: z.core.$ZodArrayDef,
): boolean {
  return checks.some(({ _zod: { def } }) =>
    def.check === "max_length" &&
    length > (def as z.core.$ZodCheckMaxLengthDef).maximum
  );
}

/** Whether a lenient reader may find that it can do without what an issue is about. */
function maybeSpare({ code }: ListIssue): boolean {
  return code === "unrecognized_keys" || code === "invalid_union" ||
    code === "custom";
}
