/**
 * Fetching a large file over connections that drop: each attempt goes on where
 * the last one ended, if the server still has the same file.
 *
 * @module
 */

import { ModelError } from "../errors.ts";
import { bearer, type RemoteFile } from "./hugging_face.ts";
import {
  persist,
  plain,
  reason,
  send,
  TransientFailure,
  type Transport,
} from "./fetch_retry.ts";

/** The part of a file that has arrived. */
export interface Part {
  /** Bytes that have arrived. */
  readonly size: number;
  /** The strong ETag of the file that they belong to, if it has one. */
  readonly tag: string | undefined;
  /** Forgets all that has arrived and begins a file with this ETag. */
  begin(tag: string | undefined): Promise<void>;
  /** Keeps more. */
  append(bytes: Uint8Array): Promise<void>;
}

/**
 * Fetches what is missing of a file.
 *
 * @param progress Told how many bytes are there, and of how many if that is known.
 * @throws {ModelError} `ERR_MODEL_NOT_FOUND` if the server does not have it,
 * `ERR_MODEL_NETWORK` if it cannot be reached for long, and `ERR_MODEL_CHECKSUM`
 * if it is not as long as `file` says.
 */
export async function download(
  file: RemoteFile,
  part: Part,
  transport: Transport,
  progress: (done: number, total: number | undefined) => void = () => {},
): Promise<void> {
  let before = part.size;
  await persist(
    transport,
    plain(file.url),
    () => {
      before = part.size;
      return attemptDownload(file, part, transport, progress);
    },
    () => part.size > before,
  );
}

async function attemptDownload(
  file: RemoteFile,
  part: Part,
  transport: Transport,
  progress: (done: number, total: number | undefined) => void,
): Promise<void> {
  const { url, size, sha256, token } = file;
  // Without an ETag or a checksum, nothing would tell two files' bytes apart.
  const unsafe = part.tag === undefined && sha256 === undefined;
  if (part.size > (size ?? Infinity) || unsafe) await part.begin(undefined);
  if (part.size > 0 && part.size === size) return progress(size, size);

  const clock = new StallClock(transport.stall);
  using _ = clock;
  const from = part.size;
  const request = new Request(url, {
    headers: {
      ...bearer(token),
      // Ranges count bytes as they are sent: those have to be the file's.
      "accept-encoding": "identity",
      ...(from > 0 && { range: `bytes=${from}-` }),
      ...(from > 0 && part.tag !== undefined && { "if-range": part.tag }),
    },
    signal: clock.signal,
  });
  const response = await send(transport, request, [416]);
  const total = await begin(response, part, file);
  if (response.status === 416) return;
  progress(part.size, total);
  for await (const bytes of bodyChunks(response, clock)) {
    await part.append(bytes);
    progress(part.size, total);
  }
  if (total === undefined || part.size === total) return;
  if (part.size < total) {
    throw new TransientFailure(
      `the connection ended at ${part.size} of ${total} bytes`,
    );
  }
  throw otherLength(file, `it sent ${part.size} bytes of ${total}`);
}

/** Puts `part` where the response starts; answers the bytes of the whole file. */
async function begin(
  response: Response,
  part: Part,
  file: RemoteFile,
): Promise<number | undefined> {
  const { status, headers } = response;
  const tag = strongTag(headers.get("etag"));
  const [, start, all] = /^bytes (?:(\d+)-\d+|\*)\/(\d+)$/.exec(
    headers.get("content-range") ?? "",
  ) ?? [];
  const length = headers.get("content-length");
  const total = all !== undefined
    ? Number(all)
    : status === 200 && length !== null
    ? Number(length)
    : undefined;
  const again = async (found: string) => {
    await response.body?.cancel().catch(() => undefined);
    await part.begin(undefined);
    return new TransientFailure(found);
  };
  if (status === 416) {
    await response.body?.cancel().catch(() => undefined);
    if (total === part.size && (file.size ?? total) === total) return total;
    throw await again("it has not the rest of what was begun");
  }
  const other = tag !== undefined && part.tag !== undefined && tag !== part.tag;
  if (status === 206) {
    if (Number(start) !== part.size || other) {
      throw await again("it sent another part than the one asked for");
    }
  } else {
    // No range, or another file by now: what is here is of no use.
    await part.begin(tag);
  }
  if (total !== undefined && file.size !== undefined && total !== file.size) {
    await response.body?.cancel().catch(() => undefined);
    throw otherLength(file, `it has ${total} bytes, expected ${file.size}`);
  }
  return total ?? file.size;
}

async function* bodyChunks(
  { body }: Response,
  clock: StallClock,
): AsyncGenerator<Uint8Array> {
  const reader = body?.getReader();
  try {
    while (reader !== undefined) {
      clock.restart();
      const result = await reader.read().catch((error) => {
        throw new TransientFailure(reason(error));
      });
      if (result.done) return;
      yield result.value;
    }
  } finally {
    await reader?.cancel().catch(() => undefined);
  }
}

/** Ends a request that has brought nothing for too long. */
class StallClock implements Disposable {
  readonly #controller = new AbortController();
  readonly #stall: number;
  #stallTimer: ReturnType<typeof setTimeout> | undefined;

  constructor(stall: number) {
    this.#stall = stall;
    this.restart();
  }

  get signal(): AbortSignal {
    return this.#controller.signal;
  }

  restart(): void {
    clearTimeout(this.#stallTimer);
    this.#stallTimer = setTimeout(
      () =>
        this.#controller.abort(new TransientFailure("nothing came any more")),
      this.#stall,
    );
  }

  [Symbol.dispose](): void {
    clearTimeout(this.#stallTimer);
  }
}

function strongTag(header: string | null): string | undefined {
  return header !== null && /^"[^"]*"$/.test(header) ? header : undefined;
}

function otherLength({ url }: RemoteFile, found: string): ModelError {
  return new ModelError(
    "ERR_MODEL_CHECKSUM",
    `Cannot fetch ${plain(url)}: ${found}; pull it again`,
  );
}
