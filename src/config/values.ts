/**
 * How the words of settings are read.
 *
 * @module
 */

import { z } from "zod";
import { ConfigError } from "../errors.ts";
import type { ApiKey } from "../http/auth.ts";
import { parseKeys, type StateKey } from "../state/keys.ts";
import { STATE_LAYOUTS, type StateLayout } from "../state/tools/convert.ts";

/** A value read from the words of a setting. */
export type Words<T> = z.ZodType<T, string>;

/** A file with a state that texts may begin with. */
export interface InitialFile {
  /** What requests call it. */
  readonly name: string;
  /** Where it is. */
  readonly path: string;
  /** Whose file it is; absent: the file says so itself. */
  readonly layout?: StateLayout;
}

/** A whole number from `min` to `max`, from its digits. */
export const integer = (min: number, max: number): Words<number> =>
  z.string().regex(/^\d+$/, "expected a whole number").transform(Number).pipe(
    z.int().min(min, `expected ${min} or more`).max(
      max,
      `expected ${max} or less`,
    ),
  );

/** The words that a yes-or-no setting takes. */
export const YES_OR_NO = ["yes", "no", "true", "false", "1", "0"];

/** Yes or no. */
export const flag: Words<boolean> = z.enum(YES_OR_NO, {
  error: "expected yes or no",
})
  .transform((
    word,
  ) => ["yes", "true", "1"].includes(word));

/** What keys, tenants and audiences may be called. */
export const NAME = /^[\w.-]{1,64}$/;

const INITIAL = /^([\w.-]{1,64})=(?:([\w.-]+):)?(.+)$/;

/** Keys that seal states: `kid:base64url,…`. */
export const stateKeys: Words<readonly StateKey[]> = z.string().transform(
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

/** Digests of the keys that may call: `name:sha256hex,…`. */
export const apiKeys: Words<ApiKey[]> = z.string().transform(
  (list, context) => {
    const keys = list.split(",").map((entry) => {
      const [name = "", digest = ""] = entry.trim().split(":");
      return { name, digest: digest.toLowerCase() };
    });
    const wrong = keys.findIndex((key) =>
      !NAME.test(key.name) || !/^[\da-f]{64}$/.test(key.digest)
    );
    if (wrong >= 0) {
      context.addIssue(`entry ${wrong + 1} is not name:sha256hex`);
      return z.NEVER;
    }
    return keys;
  },
);

/** Files with states that texts may begin with: `NAME=PATH`, a line each. */
export const initialFiles: Words<InitialFile[]> = z.string().transform(
  (list, context) => {
    const files = list.split(/[\n,]/).map((entry): InitialFile | undefined => {
      const [, name = "", layout, path = ""] = INITIAL.exec(entry.trim()) ?? [];
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
