/**
 * An answer that goes on until somebody ends it.
 *
 * @module
 */

/** A stream of events as text. */
export type Events = ReadableStreamDefaultReader<string> | undefined;

/** Asks the server at `url` for it, and waits for its first words. */
export async function openEndless(url: string): Promise<Events> {
  const answer = await fetch(`${url}/v1/generate`, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify({
      prompt: "User:",
      max_tokens: 60_000,
      logit_bias: { "0": -100 },
      stream: true,
    }),
  });
  const events = answer.body?.pipeThrough(new TextDecoderStream()).getReader();
  await events?.read();
  return events;
}

/** Reads to the end; the last million characters. */
export async function lastOf(events: Events): Promise<string> {
  let last = "";
  for (;;) {
    const { done, value } = await events?.read() ?? { done: true };
    if (done) return last;
    last = (last + value).slice(-1_000_000);
  }
}
