/**
 * A conversation that no replica keeps: behind nginx, while replicas are killed,
 * it is word for word what one process would have said.
 *
 * @module
 */

import { assert, assertEquals } from "@std/assert";
import {
  ApiError,
  Client,
  type GenerationRequest,
} from "../../src/client/client.ts";
import { formatKey, randomKey } from "../../src/state/state_keys.ts";
import { type Server, startServer } from "../support/server.ts";
import { startNginx } from "./nginx.ts";

const TURNS = 36;

/** Milliseconds between two turns: people read. */
const PACE = 80;

/** Milliseconds between a replica's restart and the next one's end. */
const PERIOD = 2000;

const FLAGS = ["--device", "wasm", "--threads", "1", "--lanes", "2"];

/** What is said in a turn. */
interface Said {
  readonly text: string;
  readonly finish: unknown;
}

/** A conversation, and what it took. */
interface Journey {
  readonly said: Said[];
  /** Attempts that came to no end, and were made again. */
  readonly again: number;
  /** Turns that one replica began and another went on with. */
  readonly handed: number;
  /** Who answered. */
  readonly upstreams: ReadonlySet<string>;
}

/** Every sixth turn is long, so that a replica can end in the midst of it. */
function isLong(turn: number): boolean {
  return turn % 6 === 5;
}

function request(turn: number): GenerationRequest {
  const drawn = { seed: turn, temperature: 0.8 };
  if (isLong(turn)) {
    return {
      ...drawn,
      prompt: "User: Tell me a long story.\n\nAssistant: ",
      max_tokens: 400,
      logit_bias: { "0": -100 },
      // What goes on from it elsewhere is the same to the bit.
      state_codec: "exact",
    };
  }
  const content = turn === 0 ? "My name is Dave." : "What is my name?";
  const messages = [{ role: "user" as const, content }];
  return { ...drawn, messages, max_tokens: 60 };
}

Deno.test(`a conversation of ${TURNS} turns hops between replicas that are killed, and loses nothing`, async () => {
  const env = { GOSLING_STATE_KEYS: formatKey(randomKey()) };
  const start = (port = "0") => startServer([...FLAGS, "--port", port], env);
  let alone: Journey;
  {
    await using single = await start();
    alone = await converse(single.url);
  }
  assertEquals([alone.again, alone.said.length], [0, TURNS]);

  const replicas = await Promise.all([start(), start(), start()]);
  await using _replicas = disposeAll(replicas);
  await using nginx = await startNginx(replicas.map(({ host }) => host));

  /** Ends the replica of a place and starts it again on the same port. */
  let ends = 0;
  const busy = replicas.map(() => Promise.resolve());
  const restart = (place: number, signal: Deno.Signal) => {
    const { [place]: old } = replicas;
    // At once: whoever is in the midst of a turn has little left of it.
    const ended = old?.stop(signal);
    busy[place] = Promise.all([busy[place], ended]).then(async () => {
      if (old === undefined || replicas[place] !== old) return;
      ends++;
      replicas[place] = await start(old.host.replace(/^.*:/, ""));
    });
    return busy[place];
  };
  const over = new AbortController();
  const trouble = (async () => {
    for (let i = 0; !over.signal.aborted; i++) {
      await pause(PERIOD);
      await restart(i % 3, i % 2 === 0 ? "SIGKILL" : "SIGTERM");
    }
  })();
  const hopped = await converse(nginx.url, {
    pace: PACE,
    // Whoever tells a long story ends in the midst of it.
    begun(turn, upstream): void {
      if (!isLong(turn)) return;
      const place = replicas.findIndex(({ host }) => host === upstream);
      void restart(place, turn % 12 === 5 ? "SIGKILL" : "SIGTERM");
    },
  });
  over.abort();
  await trouble;
  await Promise.all(busy);
  assertEquals(hopped.said, alone.said);
  assertEquals(hopped.upstreams.size, 3);
  assert(hopped.again > 0, "no turn broke off");
  assert(hopped.handed > 0, "no turn was handed on");
  assert(ends >= 6, `${ends} replicas were ended`);
});

/** Takes every turn, each again with the same token until it is answered. */
async function converse(
  url: string,
  { pace = 0, begun }: {
    readonly pace?: number;
    /** Told once for each turn, when its first text has come. */
    readonly begun?: (turn: number, upstream: string) => void;
  } = {},
): Promise<Journey> {
  const said: Said[] = [];
  const upstreams = new Set<string>();
  let state: string | undefined;
  let again = 0;
  let handed = 0;
  for (let turn = 0; turn < TURNS; turn++) {
    await pause(pace);
    let told = false;
    const tell = (upstream: string) => {
      if (!told) begun?.(turn, upstream);
      told = true;
    };
    let before = "";
    const first = request(turn);
    let left = first.max_tokens ?? 0;
    let asked = { ...first, ...(state !== undefined && { state }) };
    for (;;) {
      const answer = await attempt(url, asked, tell);
      const cancelled = answer?.finish === "cancelled";
      if (answer === undefined || cancelled && !isLong(turn)) {
        again++;
        assert(again < 1000, `turn ${turn} is never answered`);
        await pause(50);
        continue;
      }
      upstreams.add(answer.upstream);
      state = answer.state;
      before += answer.text;
      if (!cancelled) {
        said.push({ text: before, finish: answer.finish });
        break;
      }
      // A replica that was told to end: another goes on in mid-sentence.
      handed++;
      left -= answer.drawn;
      asked = { ...asked, prompt: "", max_tokens: left, state };
    }
  }
  return { said, again, handed, upstreams };
}

/** How an attempt ended. */
interface Answer extends Said {
  readonly state: string;
  /** Tokens drawn. */
  readonly drawn: number;
  readonly upstream: string;
}

/** One attempt at a turn; nothing if it came to no end. */
async function attempt(
  url: string,
  body: GenerationRequest,
  begun: (upstream: string) => void,
): Promise<Answer | undefined> {
  let upstream = "";
  const client = new Client({
    url,
    async fetch(asked): Promise<Response> {
      const answer = await fetch(asked);
      // Those before the last took nothing.
      upstream = answer.headers.get("x-upstream")?.split(", ").at(-1) ?? "";
      return answer;
    },
  });
  let text = "";
  try {
    for await (const event of client.stream(body)) {
      if (event.type === "text") {
        text += event.text;
        begun(upstream);
        continue;
      }
      if (event.type === "rebase") continue;
      const { state = "", finish_reason: finish, usage } = event;
      return { text, finish, state, drawn: usage.completion_tokens, upstream };
    }
  } catch (error) {
    if (error instanceof ApiError) {
      assert([0, 502, 503, 504].includes(error.status), error.message);
    } else if (!(error instanceof TypeError)) throw error; // it broke off
  }
  return undefined;
}

function disposeAll(servers: readonly Server[]): AsyncDisposable {
  return {
    async [Symbol.asyncDispose](): Promise<void> {
      await Promise.all(servers.map((server) => server.stop("SIGKILL")));
    },
  };
}

function pause(milliseconds: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, milliseconds));
}
