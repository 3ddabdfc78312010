/**
 * A repository on Hugging Face, or on a mirror of it: its files, and where they
 * can be fetched.
 *
 * @module
 */

import { z } from "zod";
import { ModelError } from "../errors.ts";
import type { HubReference } from "./model_reference.ts";
import { persist, plain, send, type Transport } from "./fetch_retry.ts";

/** Where repositories are, and who asks. */
export interface HubOptions {
  /** Its address, as `HF_ENDPOINT` has it. */
  readonly endpoint: URL;
  /** A token for private and gated repositories. */
  readonly token?: string;
}

/** A file to fetch. */
export interface RemoteFile {
  /** What it shall be called: a name without folders. */
  readonly name: string;
  /** Where it is. */
  readonly url: URL;
  /** Bytes, if they are known. */
  readonly size?: number;
  /** SHA-256 in lower-case hex, if it is known. */
  readonly sha256?: string;
  /** Sent as a bearer token to the first host, not where that redirects to. */
  readonly token?: string;
}

/** A file in a repository. */
export interface HubFile extends RemoteFile {
  /** Folders and name. */
  readonly path: string;
}

const RepositoryFile = z.object({
  type: z.string(),
  path: z.string(),
  size: z.int().min(0),
  lfs: z.object({
    oid: z.string().regex(/^[\da-f]{64}$/),
    size: z.int().min(0),
  }).optional(),
});

/** Pages of a listing: a repository with more is not one of models. */
const MOST_LISTING_PAGES = 20;

/**
 * Lists the files of a repository. Those of weights are kept in large file
 * storage, which knows their SHA-256.
 *
 * @throws {ModelError} `ERR_MODEL_NOT_FOUND` if there is no such repository for
 * us, `ERR_MODEL_NETWORK` if it cannot be listed.
 */
export async function listFiles(
  { repository, revision }: HubReference,
  { endpoint, token }: HubOptions,
  transport: Transport,
): Promise<HubFile[]> {
  const base = endpoint.href.replace(/\/*$/, "");
  const at = encodeURIComponent(revision);
  const files: HubFile[] = [];
  let page: URL | undefined = new URL(
    `${base}/api/models/${repository}/tree/${at}?recursive=true`,
  );
  for (
    let pages = 0;
    page !== undefined && pages < MOST_LISTING_PAGES;
    pages++
  ) {
    const here: URL = page;
    const { entries, next } = await persist(
      transport,
      plain(here),
      () => listPage(here, token, transport),
    );
    for (const { type, path, size, lfs } of entries) {
      if (type !== "file") continue;
      const inside = path.split("/").map(encodeURIComponent).join("/");
      files.push({
        path,
        name: path.slice(path.lastIndexOf("/") + 1),
        url: new URL(`${base}/${repository}/resolve/${at}/${inside}`),
        size: lfs?.size ?? size,
        ...(lfs && { sha256: lfs.oid }),
        ...(token !== undefined && { token }),
      });
    }
    page = next;
  }
  return files;
}

async function listPage(
  url: URL,
  token: string | undefined,
  transport: Transport,
): Promise<
  { entries: z.output<typeof RepositoryFile>[]; next: URL | undefined }
> {
  const signal = AbortSignal.timeout(transport.stall);
  const response = await send(
    transport,
    new Request(url, { headers: bearer(token), signal }),
  );
  const { success, data } = z.array(RepositoryFile).safeParse(
    await response.json().catch(() => undefined),
  );
  if (!success) {
    throw new ModelError(
      "ERR_MODEL_NETWORK",
      `Cannot list ${plain(url)}: it is not a list of files; HF_ENDPOINT has ` +
        "to be Hugging Face or a mirror with its API",
    );
  }
  const [, next] = /<([^>]+)>\s*;\s*rel="next"/.exec(
    response.headers.get("link") ?? "",
  ) ?? [];
  const follows = next === undefined ? undefined : new URL(next, url);
  // A page elsewhere would be sent our token.
  return {
    entries: data,
    next: follows?.origin === url.origin ? follows : undefined,
  };
}

/** The header that carries a token. */
export function bearer(token: string | undefined): Record<string, string> {
  return token === undefined ? {} : { authorization: `Bearer ${token}` };
}
