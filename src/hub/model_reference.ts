/**
 * What people may write to name a model on the network.
 *
 * @module
 */

import { ConfigError } from "../errors.ts";
import { OFFICIAL_SIZES, officialSize } from "./official_models.ts";

/** A model, wherever it is. */
export type Reference = OfficialReference | HubReference | UrlReference;

/** An official model, by size. */
export interface OfficialReference {
  /** Names the kind. */
  readonly kind: "official";
  /** One of {@linkcode OFFICIAL_SIZES}. */
  readonly size: string;
}

/** A file in a repository on Hugging Face, or on a mirror of it. */
export interface HubReference {
  /** Names the kind. */
  readonly kind: "hub";
  /** Owner and name. */
  readonly repository: string;
  /** A branch, tag or commit; `main` by default. */
  readonly revision: string;
  /** The weights, or the index of their parts; by default the only ones there. */
  readonly path?: string;
}

/** A file anywhere. */
export interface UrlReference {
  /** Names the kind. */
  readonly kind: "url";
  /** Where it is. */
  readonly url: URL;
}

const HUB =
  /^hf:\/{0,2}([\w.-]+\/[\w.-]+)(?:@([\w./-]+?))?(?:\/([\w./ +-]+))?$/;

/**
 * Reads `0.4b`, `hf:owner/repo[@revision][/file]` or a URL.
 *
 * @throws {ConfigError} If it is none of them, with the names that are known.
 */
export function parseReference(text: string): Reference {
  const size = officialSize(text);
  if (size !== undefined) return { kind: "official", size };
  if (/^https?:\/\//i.test(text)) {
    if (!URL.canParse(text)) throw invalidReference(text, "it is not a URL");
    return { kind: "url", url: new URL(text) };
  }
  if (text.startsWith("hf:")) {
    const [, repository, revision = "main", path] = HUB.exec(text) ?? [];
    const parts = `${repository}/${revision}/${path ?? ""}`.split("/");
    if (repository === undefined || parts.includes("..")) {
      throw invalidReference(text, "it is not hf:OWNER/REPOSITORY/FILE");
    }
    return {
      kind: "hub",
      repository,
      revision,
      ...(path !== undefined && { path }),
    };
  }
  throw invalidReference(
    text,
    `it is no URL, not hf:OWNER/REPOSITORY/FILE, and none of the official ` +
      `sizes ${OFFICIAL_SIZES.join(", ")}`,
  );
}

function invalidReference(text: string, found: string): ConfigError {
  return new ConfigError(
    "ERR_CONFIG_INVALID",
    `Cannot pull ${JSON.stringify(text)}: ${found}`,
  );
}
