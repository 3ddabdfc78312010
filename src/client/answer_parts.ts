/**
 * Answers of two parts, JSON and a save as bytes: `multipart/mixed`, RFC 2046,
 * section 5.1, as a Gosling server writes it.
 *
 * @module
 */

/** What is in an answer of two parts. */
export interface ReadParts {
  /** The first part. */
  readonly json: unknown;
  /** The second; there is none where no save was asked for. */
  readonly bytes?: Uint8Array<ArrayBuffer>;
}

const utf8Decoder = new TextDecoder();

/**
 * Takes an answer apart.
 *
 * @throws {TypeError} If it has no parts, or broke off amid one.
 */
export async function readParts(response: Response): Promise<ReadParts> {
  const type = response.headers.get("content-type") ?? "";
  const [, boundary] = /;\s*boundary="?([^";]+)/.exec(type) ?? [];
  if (boundary === undefined) {
    throw new TypeError(`Cannot read an answer of the type ${type}`);
  }
  const whole = new Uint8Array(await response.arrayBuffer());
  const json = nextAnswerPart(whole, 0, boundary);
  const next = nextAnswerPart(whole, json.end, boundary, true);
  return {
    json: JSON.parse(utf8Decoder.decode(whole.subarray(json.start, json.end))),
    ...(next.start < next.end && { bytes: whole.slice(next.start, next.end) }),
  };
}

/** Where the content of the part is that begins at the next boundary. */
function nextAnswerPart(
  whole: Uint8Array,
  from: number,
  boundary: string,
  sized = false,
): { readonly start: number; readonly end: number } {
  const begin = boundaryAt(whole, `--${boundary}`, from);
  const line = begin + boundary.length + 2;
  // Two dashes more: the end.
  if (whole[line] === 0x2d) return { start: line, end: line };
  const start = boundaryAt(whole, "\r\n\r\n", line) + 4;
  if (!sized) {
    return { start, end: boundaryAt(whole, `\r\n--${boundary}`, start) };
  }
  const head = utf8Decoder.decode(whole.subarray(line, start));
  const [, length] = /content-length: *(\d+)/i.exec(head) ?? [];
  const end = start + Number(length);
  if (!(end <= whole.length)) throw brokenOff();
  return { start, end };
}

function boundaryAt(whole: Uint8Array, text: string, from: number): number {
  const wanted = new TextEncoder().encode(text);
  for (let at = from; at + wanted.length <= whole.length; at++) {
    let i = 0;
    while (i < wanted.length && whole[at + i] === wanted[i]) i++;
    if (i === wanted.length) return at;
  }
  throw brokenOff();
}

function brokenOff(): TypeError {
  return new TypeError("Cannot read an answer that broke off amid a part");
}
