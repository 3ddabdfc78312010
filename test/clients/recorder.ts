/**
 * A proxy that a client believes to be the server: it passes everything on and
 * keeps what was asked and answered, so that a test sees what a client sends on
 * its second turn, and how much of it the server had read before.
 *
 * @module
 */

/** One request and its answer. */
export interface Exchange {
  readonly method: string;
  readonly path: string;
  /** The body, where it is JSON. */
  readonly request: Readonly<Record<string, unknown>>;
  readonly status: number;
  /** The body as it came, events included. */
  readonly answer: string;
  /** Tokens of the prompt, as the answer counts them; 0 where it does not. */
  readonly prompt: number;
  /** Those of them that a state had read before. */
  readonly cached: number;
}

/** A proxy that is listening. */
export interface Recorder extends AsyncDisposable {
  readonly baseURL: string;
  /** The exchanges that have ended since the last call, in that order. */
  take(): readonly Exchange[];
}

/** Listens in front of a server whose OpenAI routes are at `behind`. */
export function record(behind: string): Recorder {
  const exchanges: Exchange[] = [];
  const { origin } = new URL(behind);
  const proxy = Deno.serve(
    { hostname: "127.0.0.1", port: 0, onListen: () => {} },
    async (asked) => {
      const { pathname, search } = new URL(asked.url);
      const body = await asked.text();
      const headers = new Headers(asked.headers);
      headers.delete("host");
      headers.set("accept-encoding", "identity");
      const answer = await fetch(origin + pathname + search, {
        method: asked.method,
        headers,
        signal: asked.signal,
        ...(body !== "" && { body }),
      });
      let text = "";
      const decoder = new TextDecoder();
      // A client that leaves is left: nothing reads on in its place.
      const out = answer.body?.pipeThrough(
        new TransformStream<Uint8Array<ArrayBuffer>, Uint8Array<ArrayBuffer>>({
          transform(bytes, controller): void {
            text += decoder.decode(bytes, { stream: true });
            controller.enqueue(bytes);
          },
          flush(): void {
            exchanges.push({
              method: asked.method,
              path: pathname,
              request: body.startsWith("{") ? JSON.parse(body) : {},
              status: answer.status,
              answer: text,
              ...usage(text),
            });
          },
        }),
      );
      return new Response(out, answer);
    },
  );
  return {
    baseURL: `http://127.0.0.1:${proxy.addr.port}/v1`,
    take: () => exchanges.splice(0),
    [Symbol.asyncDispose]: () => proxy.shutdown(),
  };
}

/** The last usage in an answer, whichever route it came by. */
function usage(text: string): { prompt: number; cached: number } {
  const last = (name: string) => {
    const all = [...text.matchAll(new RegExp(`"(?:${name})":(\\d+)`, "g"))];
    return Number(all.at(-1)?.[1] ?? 0);
  };
  return {
    prompt: last("(?:input|prompt)_tokens") || last("prompt_eval_count") ||
      last("tokens_evaluated"),
    cached: last("(?:cached|cache_read_input|prefill_saved)_tokens|cache_n"),
  };
}
