/**
 * SillyTavern's back ends: its own server, with what its page asks of it, in front of
 * the running program.
 *
 * @module
 */

import { assert, assertEquals } from "@std/assert";
import {
  type BackEndType,
  koboldRequest,
  pageRequest,
  type PageSettings,
} from "../http/sillytavern_requests.ts";
import type { Checklist, ChecklistRow } from "./checklist.ts";
import { ASKED, expectName, type Place, TOLD } from "./client.ts";
import settings from "./sillytavern/deno.json" with { type: "json" };
import { serveKeeper, type Server, serveSillyTavern } from "./server.ts";

const [, VERSION] = /@([\d.]+)\//.exec(settings.imports["sillytavern/"]) ?? [];

/** SillyTavern's server, once for all cases. */
let running: Promise<Server> | undefined;
/** A keeper for each server. */
const keepers = new Map<string, Promise<Server>>();

/** What is asked of a back end, and what of an answer SillyTavern reads. */
interface BackEnd {
  /** As SillyTavern's list calls it. */
  readonly title: string;
  /** The base URL that a person types, of an origin. */
  readonly url: (origin: string) => string;
  readonly routes: "text-completions" | "kobold";
  readonly request: (settings: PageSettings) => object;
  readonly status: (url: string) => object;
  /** The model's name in what `status` gives. */
  readonly model: (status: Answer) => string | undefined;
  /** Texts of an answer, a swipe each. */
  readonly texts: (answer: Answer) => readonly (string | undefined)[];
  /** The next text of a stream. */
  readonly piece: (event: Answer) => string | undefined;
  /** What counts tokens: a path and its body; absent: SillyTavern estimates. */
  readonly count?: (url: string) => readonly [path: string, body: object];
  /** Whether it asks for several swipes at once. */
  readonly swipes?: boolean;
}

/** What any of them answers. */
interface Answer {
  readonly result?: string;
  readonly model?: string;
  readonly content?: string;
  readonly response?: string;
  readonly token?: string;
  readonly choices?: readonly { readonly text?: string }[];
  readonly results?: readonly { readonly text?: string }[];
}

const STOPS = ["\nUser:"];

/** The case of three turns, each of which reads what is new. */
export const KEPT = "Goes on, by the keeper";
/** The case of an answer that does not come to its end. */
export const STOPPED = "Stop";

function textCompletions(
  title: string,
  type: BackEndType,
  texts: BackEnd["texts"] = ({ choices = [] }) =>
    choices.map(({ text }) => text),
): BackEnd {
  return {
    title,
    url: (origin) => origin,
    routes: "text-completions",
    request: (settings) => pageRequest(type, settings),
    status: (url) => ({ api_server: url, api_type: type }),
    model: ({ result }) => result,
    texts,
    piece: (event) => event.choices?.[0]?.text ?? event.content,
    ...(type !== "ollama" && {
      count: (url) => [
        "remote/textgenerationwebui/encode",
        { text: TOLD[0], url, model: "gosling", api_type: type },
      ],
    }),
    swipes: type === "vllm" || type === "llamacpp",
  };
}

const BACK_ENDS: readonly BackEnd[] = [
  textCompletions(
    "llama.cpp",
    "llamacpp",
    (answer) => [answer].flat().map(({ content }) => content),
  ),
  textCompletions("KoboldCpp", "koboldcpp"),
  textCompletions("text-generation-webui", "ooba"),
  textCompletions("vLLM", "vllm"),
  textCompletions("Ollama", "ollama", ({ response }) => [response]),
  {
    title: "KoboldAI Classic",
    url: (origin) => `${origin}/api`,
    routes: "kobold",
    request: (settings) => koboldRequest(settings),
    status: (url) => ({ api_server: url, main_api: "kobold" }),
    model: ({ model }) => model,
    texts: ({ results = [] }) => results.map(({ text }) => text),
    piece: ({ token }) => token,
    count: (url) => ["remote/kobold/count", { text: TOLD[0], url }],
  },
];

async function post(
  path: string,
  body: object,
  signal?: AbortSignal,
): Promise<Response> {
  const { baseURL } = await (running ??= serveSillyTavern());
  const response = await fetch(new URL(`/api/${path}`, baseURL), {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify(body),
    ...(signal && { signal }),
  });
  assertEquals([path, response.status], [path, 200]);
  return response;
}

/** What the page is set to, for a back end at an address. */
function page(
  { url }: BackEnd,
  baseURL: string,
  prompt: string,
): PageSettings {
  return {
    prompt,
    stops: STOPS,
    temperature: 0,
    tokens: 24,
    model: "gosling",
    server: url(new URL(baseURL).origin),
  };
}

async function generate(
  backEnd: BackEnd,
  asked: PageSettings,
): Promise<readonly string[]> {
  const { routes, request, texts } = backEnd;
  const path = `backends/${routes}/generate`;
  const answer = await (await post(path, request(asked))).json();
  assert(!("error" in answer), JSON.stringify(answer));
  return texts(answer).map((text) => text ?? "");
}

/** Begins a stream. */
async function stream(
  { routes, request }: BackEnd,
  asked: PageSettings,
  signal?: AbortSignal,
): Promise<Response> {
  const body = { ...request(asked), stream: true, streaming: true };
  return await post(`backends/${routes}/generate`, body, signal);
}

/** A conversation as a text, in the form that the embedded model knows. */
function turn(before: string, words: string): string {
  return `${before}User: ${words}\n\nAssistant:`;
}

function rowOf(backEnd: BackEnd): ChecklistRow {
  const { title, routes, status, url, model, piece, count, swipes } = backEnd;
  return {
    cells: [title],
    cases: {
      async Connects({ baseURL }) {
        const body = status(url(new URL(baseURL).origin));
        const found = await post(`backends/${routes}/status`, body);
        assert(model(await found.json())?.includes("gosling"));
      },
      async Whole({ baseURL }) {
        const prompt = turn("", TOLD[0]);
        const [text] = await generate(backEnd, page(backEnd, baseURL, prompt));
        expectName(text, "Dave");
      },
      async Stream({ baseURL }) {
        const prompt = turn("", TOLD[0]);
        const asked = page(backEnd, baseURL, prompt);
        // Its server reads a line of Ollama's from each chunk and loses what arrives
        // together, as lines do now and then on a busy machine.
        let attempts = title === "Ollama" ? 20 : 1;
        for (;;) {
          const said = await (await stream(backEnd, asked)).text();
          const events = [...said.matchAll(/^data: (\{.*)$/gm)]
            .map(([, json]) => JSON.parse(json));
          const text = events.map(piece).join("");
          if (--attempts > 0 && !text.includes("Dave")) continue;
          assert(events.length > 2, said);
          expectName(text, "Dave");
          break;
        }
      },
      ...(swipes && {
        async Swipes({ baseURL }: Place) {
          const asked = page(backEnd, baseURL, turn("", TOLD[0]));
          const found = await generate(backEnd, { ...asked, swipes: 3 });
          assertEquals(found.map((text) => text !== ""), [true, true, true]);
        },
      }),
      ...(count && {
        async Tokens({ baseURL }: Place) {
          const [path, body] = count(url(new URL(baseURL).origin));
          const found = await (await post(`tokenizers/${path}`, body)).json();
          assert(found.count > 3 && found.count === found.ids.length);
        },
      }),
      async [STOPPED]({ baseURL }) {
        const stop = new AbortController();
        const asked = page(backEnd, baseURL, turn("", TOLD[0]));
        // Longer than anybody waits.
        const long = { ...asked, stops: [], tokens: 16_384 };
        const { body } = await stream(backEnd, long, stop.signal);
        const reader = body?.getReader();
        await reader?.read();
        stop.abort();
        await reader?.cancel().catch(() => {});
        while (await isBusy(baseURL)) {
          await new Promise((resolve) => setTimeout(resolve, 20));
        }
      },
      async [KEPT]({ baseURL }) {
        const kept = keepers.get(baseURL) ?? serveKeeper(baseURL);
        keepers.set(baseURL, kept);
        const { baseURL: keeper } = await kept;
        // Not what another back end has told: that would be known.
        let text = `${title}.\n\n`;
        let answer = "";
        for (const words of [...TOLD, ASKED]) {
          const asked = page(backEnd, keeper, turn(text, words));
          [answer = ""] = await generate(backEnd, asked);
          // SillyTavern trims answers.
          text = `${asked.prompt} ${answer.trim()}\n\n`;
        }
        expectName(answer, "Dave");
      },
    },
  };
}

async function isBusy(baseURL: string): Promise<boolean> {
  const slots = await (await fetch(new URL("/slots", baseURL))).json();
  return slots.some(({ is_processing }: { is_processing: boolean }) =>
    is_processing
  );
}

/** See the module. */
export const sillyTavern: Checklist = {
  text: "Back ends of **SillyTavern** " + VERSION +
    ", whose own server speaks " +
    "to Gosling here. It sends the whole text every time; with the keeper " +
    "between, each request after the first reads what is new.",
  columns: ["Back end"],
  cases: [
    "Connects",
    "Whole",
    "Stream",
    "Swipes",
    "Tokens",
    STOPPED,
    KEPT,
  ],
  rows: BACK_ENDS.map(rowOf),
  async close(): Promise<void> {
    const servers = [...keepers.values(), ...(running ? [running] : [])];
    for (const server of servers) await (await server)[Symbol.asyncDispose]();
  },
};
