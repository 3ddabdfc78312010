/**
 * An answer on its way to the client: at once, in server-sent events or in lines of
 * JSON. What the answer does not change passes as it is.
 *
 * @module
 */

import type { AnswerReader, Json } from "./client_dialect.ts";

/** What is between two parts of an answer, by its media type. */
const BETWEEN = {
  "text/event-stream": "\n\n",
  "application/x-ndjson": "\n",
} as const;

/**
 * The answer as the client gets it.
 *
 * @param kept Keeps the state. It is waited for before the client hears that the
 * answer is over, so that the next request finds it.
 */
export async function answerBody(
  response: Response,
  answer: AnswerReader,
  kept: () => Promise<void>,
): Promise<ReadableStream<Uint8Array> | string> {
  const type = response.headers.get("content-type") ?? "";
  const found = Object.entries(BETWEEN).find(([name]) => type.startsWith(name));
  if (found !== undefined && response.body !== null) {
    const [, between] = found;
    return streamedAnswer(response.body, between, answer, kept);
  }
  const text = await response.text();
  const said = toldByAnswer(text, answer);
  if (answer.state !== undefined) await kept();
  return said ?? "";
}

function streamedAnswer(
  body: ReadableStream<Uint8Array>,
  between: string,
  answer: AnswerReader,
  kept: () => Promise<void>,
): ReadableStream<Uint8Array> {
  const source = body.getReader();
  const decoder = new TextDecoder("utf-8", { ignoreBOM: true });
  const encoder = new TextEncoder();
  /** What has come of a part, in pieces: put together once, when it is whole. */
  let held: string[] = [];
  let keeping: Promise<void> | undefined;
  const heard = async (parts: readonly string[], end: string) => {
    let heard = "";
    for (const part of parts) {
      const said = toldByAnswer(part, answer);
      if (answer.state !== undefined) await (keeping ??= kept());
      if (said !== undefined) heard += said + end;
    }
    return heard;
  };
  return new ReadableStream<Uint8Array>({
    async pull(controller): Promise<void> {
      for (;;) {
        const { done, value } = await source.read();
        const text = decoder.decode(value, { stream: !done });
        const last = held.at(-1)?.slice(1 - between.length) ?? "";
        if (text !== "") held.push(text);
        const ends = (between.length > 1 ? last + text : text)
          .includes(between);
        if (!done && !ends) continue;
        const parts = held.join("").split(between);
        const rest = parts.pop() ?? "";
        held = rest === "" ? [] : [rest];
        let out = await heard(parts, between);
        if (done && rest !== "") out += await heard([rest], "");
        if (out !== "") controller.enqueue(encoder.encode(out));
        if (done) controller.close();
        if (done || out !== "") return;
      }
    },
    cancel: (reason) => source.cancel(reason),
  });
}

/** One object of JSON, alone or behind the names of an event, as the answer has it. */
function toldByAnswer(part: string, answer: AnswerReader): string | undefined {
  const at = part.indexOf("{");
  if (at < 0) return part;
  let value: Json;
  try {
    value = JSON.parse(part.slice(at));
  } catch {
    return part;
  }
  const said = answer.take(value);
  if (said === value) return part;
  return said && part.slice(0, at) + JSON.stringify(said);
}
