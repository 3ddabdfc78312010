/**
 * What somebody may do to a server who has a key and means ill, each small enough to
 * be done many times a minute.
 *
 * @module
 */

import { Raw } from "../../test/fault/raw.ts";

/** A server to be besieged. */
export interface Besieged {
  readonly port: number;
  /** The key of who means ill. */
  readonly key: string;
  /** A state of theirs, and one of somebody else's. */
  readonly states: readonly [own: string, other: string];
}

/** Does harm, as far as it can, and says how it was answered. */
export type Attack = (besieged: Besieged, round: number) => Promise<string>;

const M = 2 ** 20;

const JSON_TYPE = { "content-type": "application/json" };

const DOORS = [
  "/api/chat",
  "/api/generate",
  "/completion",
  "/api/v1/generate",
  "/v1/messages",
  "/v1/responses",
  "/v1/completions",
];

const many = (count: number, item: string) =>
  `[${Array(count).fill(item).join()}]`;

/** All of them by name. */
export const ATTACKS: Readonly<Record<string, Attack>> = {
  "a million faults": (to) =>
    post(to, "/v1/detokenize", `{"tokens":${many(M, "-1")}}`),
  "as many faults as are read": (to) =>
    post(to, "/v1/completions", `{"prompt":${many(260_000, "-1")}}`),
  "a body of brackets": (to) => post(to, "/v1/generate", "[".repeat(4 * M)),
  "a body that is too large": (to) =>
    post(to, "/v1/generate", `{"prompt":"${"a".repeat(9 * M)}"}`),
  "a text of rare characters": (to) =>
    post(to, "/v1/tokenize", `{"text":"${"界".repeat(M / 4)}"}`),
  "ten thousand messages": (to) =>
    post(
      to,
      "/v1/chat/completions",
      `{"messages":${many(10_000, '{"role":"user","x":1}')},"n":0}`,
    ),
  "a grammar that explodes": (to, round) =>
    ask(to, {
      prompt: "",
      max_tokens: 2,
      grammar: { type: "regex", pattern: `((a{0,200}){0,200}){0,20${round}}` },
    }),
  "a grammar without an end": (to, round) =>
    ask(to, {
      prompt: "",
      max_tokens: 2,
      grammar: {
        type: "ebnf",
        rules: `root ::= ${"([^x]* ".repeat(16)}"${round}"${" )*".repeat(16)}`,
      },
    }),
  "forged states beside neighbours": async (to, round) => {
    const [own] = to.states;
    const at = 100 + round * 37 % (own.length - 200);
    const forged = own.slice(0, at) + (own[at] === "A" ? "B" : "A") +
      own.slice(at + 1);
    const answers = await Promise.all(
      [forged, own, forged].map((state) =>
        ask(to, { prompt: "a", max_tokens: 2, state, state_codec: "none" })
      ),
    );
    return answers.join();
  },
  "somebody else's state": (to) =>
    ask(to, { prompt: "", max_tokens: 1, state: to.states[1] }),
  "tools on a state": (to) =>
    post(
      to,
      "/v1/state/mix",
      JSON.stringify({
        states: Array(8).fill({ state: to.states[0], weight: 1 }),
      }),
    ),
  "leaving in the midst of an answer": async (to) => {
    const gone = new AbortController();
    setTimeout(() => gone.abort(), 50);
    return await ask(to, { prompt: "a", max_tokens: 4000, stream: true }, gone)
      .catch(() => "gone");
  },
  "reading nothing of an answer": async (to) => {
    using client = await Raw.open(to.port);
    const body = JSON.stringify({ prompt: "a", max_tokens: 500, stream: true });
    await client.write(head(to, "POST /v1/generate", body.length) + body);
    await pause(300);
    return "left";
  },
  "half a request": async (to) => {
    using client = await Raw.open(to.port);
    await client.write(head(to, "POST /v1/generate", 1000) + '{"prompt":"');
    await pause(200);
    return "left";
  },
  "two lengths": async (to) => {
    using client = await Raw.open(to.port);
    await client.write(
      "POST /v1/generate HTTP/1.1\r\nHost: x\r\nContent-Length: 1\r\n" +
        "Content-Length: 2\r\n\r\n{}",
    );
    return (await client.until(/\r\n/)).slice(9, 12);
  },
  "connections that ask for nothing": async ({ port }) => {
    const open: Raw[] = [];
    try {
      for (let i = 0; i < 400; i++) open.push(await Raw.open(port));
    } catch {
      // Refused: there are no more.
    }
    await pause(100);
    for (const one of open) one[Symbol.dispose]();
    return open.length === 400 ? "all" : "refused";
  },
  "the words of somebody else's state": (to) =>
    post(to, "/v1/state/audit", JSON.stringify({ state: to.states[1] })),
  "a transcript that is read anew again and again": async (to) => {
    const { state } = await answer(to, {
      prompt: "word ".repeat(500),
      max_tokens: 0,
      transcript: true,
    });
    return await post(to, "/v1/state/rebase", JSON.stringify({ state }));
  },
  "secrets that are guessed": async (to) => {
    const secret = (): string =>
      "x:" +
      crypto.getRandomValues(new Uint8Array(32))
        .toBase64({ alphabet: "base64url", omitPadding: true });
    const { state } = await answer(to, { prompt: "a", max_tokens: 1 }, {
      "gosling-secret": secret(),
    });
    return await post(
      to,
      "/v1/state/inspect",
      JSON.stringify({ state }),
      undefined,
      { "gosling-secret": secret() },
    );
  },
  "the doors of other protocols": async (to, round) => {
    const path = DOORS[round % DOORS.length];
    const { "content-type": json } = JSON_TYPE;
    return await post(
      to,
      path,
      JSON.stringify({
        model: "gosling",
        prompt: "界".repeat(20_000),
        messages: Array(500).fill({ role: "user", content: "a" }),
        stream: false,
        max_tokens: 1,
        n_predict: 1,
        max_length: 1,
        options: { num_predict: 1 },
      }),
      undefined,
      { "content-type": round % 2 === 0 ? json : "text/plain" },
    );
  },
  "keys that are guessed": (to) =>
    ask({ ...to, key: crypto.randomUUID() }, { prompt: "" }),
};

function head({ key }: Besieged, line: string, length: number): string {
  return `${line} HTTP/1.1\r\nHost: 127.0.0.1\r\n` +
    `Authorization: Bearer ${key}\r\n` +
    `Content-Type: application/json\r\nContent-Length: ${length}\r\n\r\n`;
}

function ask(
  besieged: Besieged,
  body: object,
  gone?: AbortController,
): Promise<string> {
  return post(besieged, "/v1/generate", JSON.stringify(body), gone);
}

/** An answer that has to be one. */
async function answer(
  besieged: Besieged,
  body: object,
  headers?: Readonly<Record<string, string>>,
): Promise<{ readonly state: string }> {
  const response = await send(
    besieged,
    "/v1/generate",
    JSON.stringify(body),
    undefined,
    headers,
  );
  if (!response.ok) throw new Error(await response.text());
  return await response.json();
}

async function post(...what: Parameters<typeof send>): Promise<string> {
  const response = await send(...what);
  await response.arrayBuffer();
  return String(response.status);
}

function send(
  { port, key }: Besieged,
  path: string,
  body: string,
  gone = new AbortController(),
  headers: Readonly<Record<string, string>> = {},
): Promise<Response> {
  return fetch(`http://127.0.0.1:${port}${path}`, {
    method: "POST",
    headers: { ...JSON_TYPE, authorization: `Bearer ${key}`, ...headers },
    body,
    signal: AbortSignal.any([gone.signal, AbortSignal.timeout(60_000)]),
  });
}

function pause(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}
