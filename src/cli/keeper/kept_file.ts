/**
 * The file of one kept save: its name, a line of JSON about it, and the token as
 * bytes.
 *
 * @module
 */

import {
  isSealedBytes,
  sealedBytes,
  sealedText,
  splitSealedBytes,
  splitSealedText,
} from "../../state/token_envelope.ts";
import {
  isPortableText,
  portableBytes,
  portableText,
} from "../../state/portable_token.ts";

/** What is known of a save. */
export interface StoredAbout {
  /** The server that made it. */
  readonly server: string;
  readonly model: string;
  /** Messages before it. */
  readonly turns: number;
  /** The user's newest words. */
  readonly words: string;
  /** Length of its text before white space, where histories are texts. */
  readonly length?: number;
  /** That white space. */
  readonly space?: string;
}

/** What a kept file holds. */
export interface KeptContent {
  /** The token as text. */
  readonly state: string;
  readonly about: StoredAbout;
}

/** What the name of a kept file says. */
export interface KeptName {
  readonly key: string;
  /** Length of the text that its save has read, where histories are texts. */
  readonly length: number | undefined;
}

const KEPT_NAME = /^([\da-f]{64})(?:-(\d+))?\.save$/;

/** A file that is being written, or was when its keeper ended. */
const DRAFT_NAME = /^[\da-f]{64}(?:-\d+)?\.save\.[\da-f-]{36}$/;

/** The name of a file: `KEY.save`, or of a text `KEY-LENGTH.save`. */
export function keptFileName({ key, length }: KeptName): string {
  return `${key}${length === undefined ? "" : `-${length}`}.save`;
}

/** What {@linkcode keptFileName} was made of; nothing if the name is another file's. */
export function parseKeptName(name: string): KeptName | undefined {
  const [, key, length] = KEPT_NAME.exec(name) ?? [];
  if (key === undefined) return undefined;
  return { key, length: length === undefined ? undefined : Number(length) };
}

/** The name of a kept file while it is being written. */
export function draftName(path: string): string {
  return `${path}.${crypto.randomUUID()}`;
}

/** Whether {@linkcode draftName} made a name. */
export function isDraftName(name: string): boolean {
  return DRAFT_NAME.test(name);
}

/** The bytes of a kept file. */
export function encodeKeptFile({ state, about }: KeptContent): Uint8Array {
  const line = new TextEncoder().encode(`${JSON.stringify(about)}\n`);
  const token = isPortableText(state)
    ? portableBytes(state)
    : sealedBytes(splitSealedText(state));
  const bytes = new Uint8Array(line.length + token.length);
  bytes.set(line);
  bytes.set(token, line.length);
  return bytes;
}

/**
 * The save in a kept file.
 *
 * @throws {SyntaxError} If its first line is not JSON.
 * @throws {StateError} If no token follows.
 */
export function decodeKeptFile(bytes: Uint8Array<ArrayBuffer>): KeptContent {
  const end = bytes.indexOf(0x0a);
  if (end < 0) throw new SyntaxError("Cannot find the first line");
  const about = JSON.parse(new TextDecoder().decode(bytes.subarray(0, end)));
  const token = bytes.subarray(end + 1);
  const state = isSealedBytes(token)
    ? sealedText(splitSealedBytes(token))
    : portableText(token);
  return { state, about };
}

/** What the first line of a kept file says; its token is not read. */
export async function readKeptAbout(path: string): Promise<StoredAbout> {
  using file = await Deno.open(path);
  const bytes = new Uint8Array(4096);
  const length = await file.read(bytes) ?? 0;
  const text = new TextDecoder().decode(bytes.subarray(0, length));
  return JSON.parse(text.slice(0, text.indexOf("\n")));
}
