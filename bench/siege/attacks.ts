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

async function post(
  { port, key }: Besieged,
  path: string,
  body: string,
  gone = new AbortController(),
): Promise<string> {
  const response = await fetch(`http://127.0.0.1:${port}${path}`, {
    method: "POST",
    headers: {
      "content-type": "application/json",
      authorization: `Bearer ${key}`,
    },
    body,
    signal: AbortSignal.any([gone.signal, AbortSignal.timeout(60_000)]),
  });
  await response.arrayBuffer();
  return String(response.status);
}

function pause(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}
