/**
 * How the words of settings are read.
 *
 * @module
 */

import { z } from "zod";
import { ConfigError } from "../errors.ts";
import type { ApiKey } from "../http/access/bearer_keys.ts";
import type { Rate } from "../http/access/token_bucket.ts";
import type { JsonLimits } from "../http/request/request_grammar.ts";
import type { MetricsAccess } from "../http/site/metrics.ts";
import { namedEntries } from "./path_entries.ts";
import { isYes, YES_OR_NO } from "./flag_list.ts";
import { parseKeys, type StateKey } from "../state/state_keys.ts";
import {
  STATE_LAYOUTS,
  type StateLayout,
} from "../state/foreign/convert_state.ts";

/** A value read from the words of a setting. */
export type ValueSchema<T> = z.ZodType<T, string>;

/** A file with a state that texts may begin with. */
export interface InitialFile {
  /** What requests call it. */
  readonly name: string;
  /** Where it is. */
  readonly path: string;
  /** Whose file it is; by default the file says so itself. */
  readonly layout?: StateLayout;
}

/** A model as the settings name it. */
export interface ModelWord {
  /** What requests call it; by default after its file or folder. */
  readonly name?: string;
  /** A path, or the name of a pulled model. */
  readonly from: string;
}

/** Something that is chosen for a model. */
export interface ModelChoice<T> {
  /** The model that it is for; by default, every model without its own. */
  readonly model?: string;
  /** It. */
  readonly value: T;
}

/** A whole number from `min` to `max`, from its digits. */
export const integer = (min: number, max: number): ValueSchema<number> =>
  z.string().regex(/^\d+$/, "expected a whole number").transform(Number).pipe(
    z.int().min(min, `expected ${min} or more`).max(
      max,
      `expected ${max} or less`,
    ),
  );

/** Yes or no. */
export const flag: ValueSchema<boolean> = z.enum(YES_OR_NO, {
  error: "expected yes or no",
})
  .transform(isYes);

/** What keys, tenants and audiences may be called. */
export const NAME = /^[\w.-]{1,64}$/;

const INITIAL_SETTING = /^([\w.-]{1,64})=(?:([\w.-]+):)?(.+)$/;

/** Models to serve: `MODEL` or `NAME=MODEL`, a line each. */
export const modelWords: ValueSchema<readonly ModelWord[]> = z.string()
  .transform(
    (list) =>
      namedEntries(list).map(([name, from]) => ({
        from,
        ...(name !== undefined && { name }),
      })),
  );

/**
 * Choices for models: `VALUE` or `NAME=VALUE`, a line each.
 *
 * @param value Reads one of them.
 */
export const modelChoices = <T>(
  value: ValueSchema<T>,
): ValueSchema<readonly ModelChoice<T>[]> =>
  z.string().transform((list, context) =>
    namedEntries(list).map(([model, text]): ModelChoice<T> => {
      const { success, data, error } = value.safeParse(text);
      if (!success) {
        context.addIssue(error.issues[0]?.message ?? "is not understood");
        return z.NEVER;
      }
      return { value: data, ...(model !== undefined && { model }) };
    })
  );

const SIZE_UNITS = new Map([
  ["", 1],
  ...["k", "M", "G", "T"].flatMap((letter, i): [string, number][] => [
    [`${letter}B`, 1000 ** (i + 1)],
    [`${letter}iB`, 1024 ** (i + 1)],
  ]),
]);

/** A number of bytes: `6000000000`, `6GB`, `5.5GiB`. */
export const byteCount: ValueSchema<number> = z.string().transform(
  (text, context) => {
    const [, digits, unit = ""] = /^(\d+(?:\.\d+)?) ?([a-zA-Z]*)$/.exec(text) ??
      [];
    const factor = SIZE_UNITS.get(unit) ?? (unit === "B" ? 1 : undefined);
    const bytes = Math.floor(Number(digits) * (factor ?? NaN));
    if (bytes > 0 && Number.isSafeInteger(bytes)) return bytes;
    context.addIssue("expected bytes, as 6000000000, 6GB or 6GiB");
    return z.NEVER;
  },
);

/** Keys that seal states: `kid:base64url,…`. */
export const stateKeys: ValueSchema<readonly StateKey[]> = z.string().transform(
  (list, context) => {
    try {
      return parseKeys(list);
    } catch (error) {
      if (!(error instanceof ConfigError)) throw error;
      context.addIssue(error.message.replace(/^.*?: /, ""));
      return z.NEVER;
    }
  },
);

const RATE = /^(?:\*|([1-9]\d{0,11}))(?:\/(?:\*|([1-9]\d{0,11})))?$/;

/** Requests and tokens a minute, `60/20000`; `*` for what is not bounded. */
export const rate: ValueSchema<Rate> = z.string().transform((text, context) => {
  const found = readRate(text);
  if (found !== undefined) return found;
  context.addIssue("expected REQUESTS or REQUESTS/TOKENS a minute, * for any");
  return z.NEVER;
});

function readRate(text: string): Rate | undefined {
  const found = RATE.exec(text);
  if (found === null) return undefined;
  const [, requests, tokens] = found;
  return {
    ...(requests !== undefined && { requests: Number(requests) }),
    ...(tokens !== undefined && { tokens: Number(tokens) }),
  };
}

/** How long values of JSON may be: `string=512,digits=20,items=64`, or some of them. */
export const jsonLimits: ValueSchema<JsonLimits> = z.string().transform(
  (text, context) => {
    const entries = text.split(",").map((entry) => entry.trim().split("="));
    const found = JSON_LIMITS.safeParse(Object.fromEntries(entries));
    if (found.success && entries.every(({ length }) => length === 2)) {
      return found.data;
    }
    context.addIssue(
      "expected string=N or items=N with N from 1 to 65536, digits=N from 1 " +
        "to 20, or several with commas",
    );
    return z.NEVER;
  },
);

const JSON_LIMITS = z.strictObject({
  string: integer(1, 1 << 16).optional(),
  digits: integer(1, 20).optional(),
  items: integer(1, 1 << 16).optional(),
});

/** Digests of the keys that may call: `name:sha256hex,…`, each with its rate. */
export const apiKeys: ValueSchema<ApiKey[]> = z.string().transform(
  (list, context) => {
    const keys = list.split(/[\s,]+/).filter((entry) => entry !== "").map(
      readApiKey,
    );
    const wrong = keys.indexOf(undefined);
    if (wrong >= 0) {
      context.addIssue(`entry ${wrong + 1} is not name:sha256hex[:rate]`);
    }
    return keys.filter((key) => key !== undefined);
  },
);

/** Reads one entry of such a list; nothing if it is none. */
export function readApiKey(entry: string): ApiKey | undefined {
  const [name = "", digest = "", allowed, ...more] = entry.split(":");
  const rate = allowed === undefined ? {} : readRate(allowed);
  const known = NAME.test(name) && /^[\da-f]{64}$/i.test(digest);
  if (!known || rate === undefined || more.length > 0) return undefined;
  return {
    name,
    digest: digest.toLowerCase(),
    ...(allowed !== undefined && { rate }),
  };
}

/** Who may read the metrics: `open`, `keys`, `key:NAME` or `none`. */
export const metricsAccess: ValueSchema<MetricsAccess | "none"> = z.string()
  .transform((word, context) => {
    if (word === "open" || word === "keys" || word === "none") return word;
    const [, name] = /^key:([\w.-]{1,64})$/.exec(word) ?? [];
    if (name !== undefined) return `key:${name}` as const;
    context.addIssue("expected open, keys, key:NAME or none");
    return z.NEVER;
  });

/** Origins whose pages may call: `*`, `none`, or a list of them. */
export const origins: ValueSchema<readonly string[]> = z.string().transform(
  (list, context) => {
    if (list === "none") return [];
    const found = list.split(/[\s,]+/).filter((origin) => origin !== "");
    const wrong = found.findIndex((origin) =>
      origin !== "*" && URL.parse(origin)?.origin !== origin
    );
    if (wrong >= 0) {
      context.addIssue(
        `entry ${wrong + 1} is not an origin as https://a.example`,
      );
    }
    return found;
  },
);

/** Names of hosts without ports: `*`, or a list of them. */
export const hostNames: ValueSchema<readonly string[]> = z.string().transform(
  (list, context) => {
    const found = list.toLowerCase().split(/[\s,]+/)
      .filter((name) => name !== "");
    const wrong = found.findIndex((name) =>
      !/^(\*|[\w.-]+|\[[\da-f:]+\])$/.test(name)
    );
    if (wrong >= 0) {
      context.addIssue(`entry ${wrong + 1} is not a name as chat.example`);
    }
    return found;
  },
);

/** Files with states that texts may begin with: `NAME=PATH`, a line each. */
export const initialFiles: ValueSchema<InitialFile[]> = z.string().transform(
  (list, context) => {
    const files = list.split(/[\n,]/).map((entry): InitialFile | undefined => {
      const [, name = "", layout, path = ""] =
        INITIAL_SETTING.exec(entry.trim()) ?? [];
      if (name === "") return undefined;
      const known = STATE_LAYOUTS.find((known) => known === layout);
      if (known !== undefined) return { name, path, layout: known };
      return { name, path: layout === undefined ? path : `${layout}:${path}` };
    });
    const wrong = files.indexOf(undefined);
    const found = files.filter((file) => file !== undefined);
    if (wrong >= 0) {
      context.addIssue(`entry ${wrong + 1} is not NAME=PATH`);
    } else if (new Set(found.map(({ name }) => name)).size < found.length) {
      context.addIssue("two initial states have the same name");
    }
    return found;
  },
);
