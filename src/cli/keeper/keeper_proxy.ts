/**
 * A proxy on the side of the user. Requests that tell the whole of a conversation go
 * on as requests that tell what is new, from the newest save of the same history; the
 * states of answers are kept, and hidden from the client. All else passes as it is.
 *
 * @module
 */

import { ConfigError } from "../../errors.ts";
import { isLoopbackHost } from "../../http/access/cross_site.ts";
import { answerBody } from "./answer_stream.ts";
import {
  chatHistory,
  type KeptHistory,
  keyOf,
  type SavePlace,
  textHistory,
} from "./history_keys.ts";
import type { SaveStore } from "./save_store.ts";
import type {
  AnswerReader,
  ClientDialect,
  Json,
  SentHistory,
} from "./client_dialect.ts";
import { DIALECTS } from "./dialects/by_path.ts";

/** Bytes of a body that is looked into. */
const MOST_REQUEST_BYTES = 1 << 26;

/** Characters of the newest words that a note shows. */
const SHOWN_CHARACTERS = 40;

/** Milliseconds that a list of a server's models is believed. */
const MODEL_LIST_FRESH_MS = 30_000;

/** Headers that are of one connection, or that the proxy has to say itself. */
const OWN_HEADERS = [
  "accept-encoding",
  "connection",
  "content-length",
  "host",
  "keep-alive",
  "transfer-encoding",
];

/** Saves of one history that are tried, where a server refuses them. */
const SAVES_TRIED = 3;

type Fetch = (url: string, init: RequestInit) => Promise<Response>;

/** Where requests go, and what is kept. */
export interface KeeperOptions {
  /** Addresses of servers, without a slash at the end; the first is the usual one. */
  readonly servers: readonly string[];
  readonly store: SaveStore;
  /** Told of what happened to each conversation. */
  readonly note?: (line: string) => void;
  /** Whether requests for other names than this machine's own are refused. */
  readonly loopback?: boolean;
  /** In place of the network. */
  readonly fetch?: Fetch;
}

/** A request that was read. */
interface ConversationRequest {
  readonly request: Request;
  readonly path: string;
  readonly text: string;
  readonly body: Json;
  readonly dialect: ClientDialect;
  readonly history: KeptHistory;
}

/** A save to go on from. */
interface FoundSave {
  readonly place: SavePlace;
  /** The request that does so. */
  readonly body: Json;
  readonly server: string;
}

/** The proxy. */
export class Keeper {
  readonly #servers: readonly string[];
  readonly #saveStore: SaveStore;
  readonly #note: (line: string) => void;
  readonly #loopback: boolean;
  readonly #fetch: Fetch;
  /** Models of each server, and until when that is believed. */
  readonly #models = new Map<string, { ids: Set<string>; until: number }>();

  /** Calls nobody yet. */
  constructor(
    { servers, store, note = () => {}, loopback = false, fetch: call }:
      KeeperOptions,
  ) {
    if (servers.length === 0) {
      throw new ConfigError(
        "ERR_CONFIG_INVALID",
        "Cannot keep saves of no server: name one with --server",
      );
    }
    this.#servers = servers;
    this.#saveStore = store;
    this.#note = note;
    this.#loopback = loopback;
    this.#fetch = call ?? fetch;
  }

  /** Answers one request of a client. */
  async answer(request: Request): Promise<Response> {
    const { pathname, search, host } = new URL(request.url);
    const name = request.headers.get("host") ?? host;
    if (this.#loopback && !isLoopbackHost(name)) return foreignName(name);
    const { [pathname.replace(/\/+$/, "")]: dialect } = DIALECTS;
    if (request.method === "GET" && this.#servers.length > 1) {
      const lists = { "/v1/models": "data", "/api/tags": "models" } as const;
      const { [pathname as keyof typeof lists]: member } = lists;
      if (member !== undefined) return await this.#allModels(request, member);
    }
    if (request.method !== "POST" || dialect === undefined) {
      return await this.#forwardRequest(
        request,
        pathname + search,
        request.body,
      );
    }
    const [bytes] = await Promise.all([
      readUpTo(request),
      this.#saveStore.refresh(),
    ]);
    if (bytes === undefined) return tooLarge();
    const text = new TextDecoder().decode(bytes);
    const body = jsonObject(text);
    const history = body && this.#historyOf(request, body, dialect);
    if (body === undefined || history === undefined) {
      return await this.#forwardRequest(
        request,
        pathname + search,
        bytes,
        body,
      );
    }
    const path = pathname + search;
    return await this.#converse({
      request,
      path,
      text,
      body,
      dialect,
      history,
    });
  }

  #historyOf(
    request: Request,
    body: Json,
    dialect: ClientDialect,
  ): KeptHistory | undefined {
    const told: SentHistory | undefined = dialect.read(body);
    if (told === undefined) return undefined;
    const { headers } = request;
    const secret = headers.get("gosling-secret");
    const caller = [
      headers.get("authorization"),
      headers.get("x-api-key"),
      ...secret === null ? [] : [secret],
    ];
    const seed = [told.kind, body.model ?? null, keyOf(caller)];
    return told.kind === "chat"
      ? chatHistory([...seed, told.head], told.pieces)
      : textHistory(seed, told.text, this.#saveStore.texts);
  }

  /** Goes on from the newest save; where that is refused, tells the whole. */
  async #converse(asked: ConversationRequest): Promise<Response> {
    for (let tries = 0; tries < SAVES_TRIED; tries++) {
      const found = await this.#findSave(asked);
      if (found === undefined) break;
      const { place: { known }, server } = found;
      const body = JSON.stringify(found.body);
      const { response, from } = await this.#sendToServer(asked, body, server);
      if (!await refusesState(response)) {
        return await this.#listenToAnswer(asked, response, from, known);
      }
      this.#note(`A save is of no use any more (${response.status})`);
      await response.body?.cancel();
      this.#saveStore.remove(found.place);
    }
    const { response, from } = await this.#sendToServer(asked, asked.text);
    return await this.#listenToAnswer(asked, response, from, 0);
  }

  async #findSave(
    { history: { places }, dialect, body }: ConversationRequest,
  ): Promise<FoundSave | undefined> {
    for (const place of places) {
      const save = await this.#saveStore.read(place);
      if (save === undefined) continue;
      const { state, about: { server, space = "" } } = save;
      const resumed = dialect.resume(body, place.known, state, space);
      if (resumed !== undefined) return { place, body: resumed, server };
    }
    return undefined;
  }

  /** Passes an answer on, and keeps its state once it has ended. */
  async #listenToAnswer(
    asked: ConversationRequest,
    response: Response,
    server: string,
    known: number,
  ): Promise<Response> {
    if (!response.ok || response.body === null) return response;
    const answer = asked.dialect.listen();
    const { status, headers } = response;
    headers.delete("content-length");
    try {
      const body = await answerBody(response, answer, async () => {
        await this.#keepState(asked, answer, server, known);
      });
      return new Response(body, { status, headers });
    } catch (error) {
      if (asked.request.signal.aborted) throw error;
      return unreachable(error);
    }
  }

  async #keepState(
    { body, history }: ConversationRequest,
    answer: AnswerReader,
    server: string,
    known: number,
  ): Promise<void> {
    if (answer.state === undefined) return;
    const { words, length, unit } = history;
    await this.#saveStore.write(history.after(answer), answer.state, {
      server,
      model: typeof body.model === "string" ? body.model : "",
      turns: unit === "messages" ? length + 1 : 1,
      words,
      ...history.textAfter?.(answer),
    });
    const shown = words.replaceAll(/\s+/g, " ").trim().slice(
      0,
      SHOWN_CHARACTERS,
    );
    this.#note(`${length - known} of ${length} ${unit} are new: ${shown}`);
  }

  /** Sends a request to a server that has its model, the preferred one first. */
  async #sendToServer(
    { request, path, body }: ConversationRequest,
    text: string,
    preferred?: string,
  ): Promise<{ readonly response: Response; readonly from: string }> {
    const candidates = await this.#serversFor(request, body, preferred);
    let failure: unknown;
    for (const from of candidates) {
      try {
        const response = await this.#callServer(request, from + path, text);
        return { response, from };
      } catch (error) {
        if (request.signal.aborted) throw error;
        failure = error;
      }
    }
    return { response: unreachable(failure), from: "" };
  }

  /** Servers for a request, in the order in which they are asked. */
  async #serversFor(
    request: Request,
    body: Json | undefined,
    preferred?: string,
  ): Promise<readonly string[]> {
    if (this.#servers.length === 1) return this.#servers;
    const name = typeof body?.model === "string"
      ? body.model.replace(/:latest$/, "")
      : "";
    const able: string[] = [];
    for (const server of name === "" ? [] : this.#servers) {
      if ((await this.#modelsOf(request, server)).has(name)) able.push(server);
    }
    const order = able.length > 0 ? able : this.#servers;
    return preferred !== undefined && order.includes(preferred)
      ? [preferred, ...order.filter((server) => server !== preferred)]
      : order;
  }

  async #modelsOf(request: Request, server: string): Promise<Set<string>> {
    const known = this.#models.get(server);
    if (known !== undefined && known.until > performance.now()) {
      return known.ids;
    }
    const ids = new Set<string>();
    try {
      const asked = new Request(request.url, { headers: request.headers });
      const response = await this.#callServer(
        asked,
        `${server}/v1/models`,
        null,
      );
      const { data = [] } = await response.json();
      for (const { id } of data) ids.add(id);
    } catch {
      // It is asked again once this is no longer believed.
    }
    this.#models.set(server, {
      ids,
      until: performance.now() + MODEL_LIST_FRESH_MS,
    });
    return ids;
  }

  /** The models of every server in one list. */
  async #allModels(request: Request, member: string): Promise<Response> {
    const { pathname } = new URL(request.url);
    const answers = await Promise.all(this.#servers.map(async (server) => {
      try {
        const response = await this.#callServer(
          request,
          server + pathname,
          null,
        );
        return response.ok ? await response.json() as Json : undefined;
      } catch {
        return undefined;
      }
    }));
    const known = answers.filter((answer) => answer !== undefined);
    const [first] = known;
    if (first === undefined) {
      return await this.#forwardRequest(request, pathname, null);
    }
    const all = known.flatMap((answer) => answer[member] ?? []);
    return Response.json({ ...first, [member]: all });
  }

  async #forwardRequest(
    request: Request,
    path: string,
    body: BodyInit | null,
    read?: Json,
  ): Promise<Response> {
    const [first = "", ...others] = await this.#serversFor(request, read);
    // What is sent as it comes can be sent once.
    const rest = body instanceof ReadableStream ? [] : others;
    let failure: unknown;
    for (const server of [first, ...rest]) {
      try {
        return await this.#callServer(request, server + path, body);
      } catch (error) {
        if (request.signal.aborted) throw error;
        failure = error;
      }
    }
    return unreachable(failure);
  }

  async #callServer(
    request: Request,
    url: string,
    body: BodyInit | null,
  ): Promise<Response> {
    const headers = new Headers(request.headers);
    for (const name of OWN_HEADERS) headers.delete(name);
    headers.set("accept-encoding", "identity");
    const { method, signal } = request;
    const response = await this.#fetch(
      url,
      { method, headers, body, signal, redirect: "manual" },
    );
    const said = new Headers(response.headers);
    for (const name of ["connection", "keep-alive", "transfer-encoding"]) {
      said.delete(name);
    }
    return new Response(response.body, {
      status: response.status,
      headers: said,
    });
  }
}

async function readUpTo(
  { body }: Request,
): Promise<Uint8Array<ArrayBuffer> | undefined> {
  const pieces: Uint8Array<ArrayBuffer>[] = [];
  let length = 0;
  for await (const piece of body ?? []) {
    length += piece.length;
    if (length > MOST_REQUEST_BYTES) return undefined;
    pieces.push(piece);
  }
  const [first] = pieces;
  if (first !== undefined && pieces.length === 1) return first;
  const bytes = new Uint8Array(length);
  let at = 0;
  for (const piece of pieces) {
    bytes.set(piece, at);
    at += piece.length;
  }
  return bytes;
}

function jsonObject(text: string): Json | undefined {
  try {
    const value: unknown = JSON.parse(text);
    return value instanceof Object && !Array.isArray(value)
      ? value as Json
      : undefined;
  } catch {
    return undefined;
  }
}

/** Whether an answer says that the state cannot be gone on from. */
async function refusesState(response: Response): Promise<boolean> {
  if (response.status < 400 || response.status >= 500) return false;
  return /ERR_STATE_\w+/.test(await response.clone().text());
}

/**
 * A page whose name was pointed at this machine (DNS rebinding) would be one of the
 * keeper's own. Servers refuse such names themselves, but hear the keeper's.
 */
function foreignName(name: string): Response {
  const error = `Cannot answer for ${JSON.stringify(name.slice(0, 100))}: a ` +
    "keeper that listens on this machine alone answers for its own names";
  return Response.json({ error: { message: error } }, { status: 403 });
}

function tooLarge(): Response {
  const error =
    `Cannot read body: it is larger than ${MOST_REQUEST_BYTES} bytes`;
  return Response.json({ error: { message: error } }, { status: 413 });
}

function unreachable(error: unknown): Response {
  const reason = error instanceof Error ? error.message : String(error);
  return Response.json(
    { error: { message: `Cannot reach a server: ${reason}` } },
    { status: 502 },
  );
}
