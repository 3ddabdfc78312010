/**
 * Frames of HTTP/2 as no library would send them. Source: RFC 9113, sections 4 and 6;
 * header fields: RFC 7541, appendix A and section 6.2.2.
 *
 * @module
 */

import { Raw } from "../fault/raw.ts";

const PREFACE = "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";

const HEADERS = 1, RESET = 3, SETTINGS = 4, PING = 6, CONTINUATION = 9;

const END_STREAM = 1, END_HEADERS = 4;

/** A frame as Latin-1. */
function frame(
  type: number,
  flags: number,
  stream: number,
  content = "",
): string {
  const word = (value: number, bytes: number) =>
    Array.from(
      { length: bytes },
      (_, i) => String.fromCharCode(value >>> 8 * (bytes - 1 - i) & 255),
    ).join("");
  return word(content.length, 3) + word(type, 1) + word(flags, 1) +
    word(stream, 4) + content;
}

/** `GET /readyz`, of `localhost`, over http. */
const GET = "\x82\x86\x04\x07/readyz\x41\x09localhost";

/** Header fields of 5 bytes, as many as fit into a frame. */
const FIELDS = "\x00\x01a\x01b".repeat(3200);

/** What somebody may send without an end, a piece after the other. */
export const FLOODS: Readonly<Record<string, (i: number) => string>> = {
  "continuations of nothing": (i) =>
    i === 0
      ? frame(HEADERS, END_STREAM, 1, GET)
      : frame(CONTINUATION, 0, 1).repeat(512),
  "continuations of many fields": (i) =>
    i === 0
      ? frame(HEADERS, END_STREAM, 1, GET)
      : frame(CONTINUATION, 0, 1, FIELDS),
  "requests that are taken back": (i) =>
    Array.from({ length: 64 }, (_, k) => {
      const stream = 1 + 2 * (64 * i + k);
      return frame(HEADERS, END_STREAM | END_HEADERS, stream, GET) +
        frame(RESET, 0, stream, "\0\0\0\x08");
    }).join(""),
  "pings": () => frame(PING, 0, 0, "12345678").repeat(512),
  "settings": () => frame(SETTINGS, 0, 0).repeat(512),
};

/** What came of a flood. */
export interface Flood {
  /** Bytes that were taken before the other side had enough. */
  readonly bytes: number;
  /** Whether it had. */
  readonly ended: boolean;
}

/** Sends a flood until the connection ends, or so much has been sent. */
export async function flood(
  port: number,
  name: string,
  most: number,
): Promise<Flood> {
  using client = await Raw.open(port);
  let bytes = 0, ended = false;
  const reading = (async () => {
    while (await client.read() !== undefined);
  })().catch(() => {}).then(() => ended = true);
  try {
    await client.write(PREFACE + frame(SETTINGS, 0, 0));
    for (let i = 0; bytes < most && !ended; i++) {
      const piece = FLOODS[name]?.(i) ?? "";
      await client.write(piece);
      bytes += piece.length;
    }
  } catch {
    // Reset.
    ended = true;
  }
  const found = { bytes, ended };
  client[Symbol.dispose]();
  await reading;
  return found;
}
