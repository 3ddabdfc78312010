/**
 * An answer on its way to the client: at once, in server-sent events or in lines of
 * JSON. What the answer does not change passes byte for byte.
 *
 * @module
 */

import type { AnswerReader, Json } from "./client_dialect.ts";

/**
 * The answer as the client gets it.
 *
 * @param kept Keeps the state. It is waited for before the client hears that the
 * answer is over, and may ask for more.
 */
export function streamOf(
  body: ReadableStream<Uint8Array<ArrayBuffer>>,
  type: string,
  answer: AnswerReader,
  kept: () => Promise<void>,
): ReadableStream<Uint8Array<ArrayBuffer>> {
  const between = type.startsWith("text/event-stream")
    ? "\n\n"
    : type.startsWith("application/x-ndjson")
    ? "\n"
    : undefined;
  let held = "";
  let keeping: Promise<void> | undefined;
  const take = async (
    part: string,
    controller: TransformStreamDefaultController<string>,
    end = "",
  ) => {
    const said = told(part, answer);
    if (answer.state !== undefined) await (keeping ??= kept());
    if (said !== undefined) controller.enqueue(said + end);
  };
  const pieces = new TransformStream<string, string>({
    async transform(text, controller): Promise<void> {
      // A long piece is searched for its end once.
      const from = Math.max(0, held.length - 1);
      held += text;
      if (between === undefined || held.indexOf(between, from) < 0) return;
      const parts = held.split(between);
      held = parts.pop() ?? "";
      for (const part of parts) await take(part, controller, between);
    },
    async flush(controller): Promise<void> {
      if (held !== "") await take(held, controller);
    },
  });
  return body.pipeThrough(new TextDecoderStream())
    .pipeThrough(pieces).pipeThrough(new TextEncoderStream());
}

/** One object of JSON, alone or behind the names of an event, as the answer has it. */
function told(part: string, answer: AnswerReader): string | undefined {
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
