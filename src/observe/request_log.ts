/**
 * The log: a line for each request and one for each trouble, as JSON or for
 * people. No line has a text, a state or a key in it.
 *
 * @module
 */

import { GoslingError } from "../errors.ts";
import type { Observer } from "./request_observer.ts";
import type { RequestRecord } from "./request_record.ts";

/** How lines are written; `none` leaves requests out. */
export type LogFormat = "json" | "text" | "none";

/** How much a line matters. */
export type LogLevel = "info" | "warn" | "error";

/** Routes that machines ask every few seconds: only their failures are news. */
const PROBES: ReadonlySet<string> = new Set([
  "/health",
  "/healthz",
  "/readyz",
  "/metrics",
]);

/** Writes lines. */
export class Log implements Observer {
  readonly #format: LogFormat;
  readonly #writeLine: (line: string) => void;

  /**
   * Makes a log.
   *
   * @param format How lines are written.
   * @param write Takes a line without its end.
   */
  constructor(format: LogFormat, write: (line: string) => void) {
    this.#format = format;
    this.#writeLine = write;
  }

  /** Writes what happened besides requests, whatever the format. */
  note(message: string, level: LogLevel = "warn"): void {
    this.#writeLine(
      this.#format === "json" ? jsonLine(level, "note", { message }) : message,
    );
  }

  /**
   * Writes what went wrong in a request on our side. Of an error that was not
   * thrown on purpose, only its kind and where: its words may quote the request.
   */
  mistake(error: unknown, id: string): void {
    if (error instanceof GoslingError) {
      return this.note(`${id} ${error.message}`, "error");
    }
    const { name, places } = anatomy(error);
    this.#writeLine(
      this.#format === "json"
        ? jsonLine("error", "mistake", { id, name, places })
        : [`${id} ${name}`, ...places].join("\n    at "),
    );
  }

  /** Writes a request's line. */
  finished(record: RequestRecord): void {
    if (this.#format === "none") return;
    const { status, route } = record.answer;
    if (PROBES.has(route) && status < 400) return;
    const level = status >= 500 ? "error" : status >= 400 ? "warn" : "info";
    const facts = factsOfRequest(record);
    this.#writeLine(
      this.#format === "json"
        ? jsonLine(level, "request", facts)
        : textLine(facts),
    );
  }
}

/** What a line says of a request. */
type RequestFacts = ReturnType<typeof factsOfRequest>;

function factsOfRequest(record: RequestRecord) {
  const { answer: { route, tenant, status }, turns, phases } = record;
  const sum = (field: "read" | "generated" | "resumed") =>
    turns.length === 0
      ? undefined
      : turns.reduce((total, turn) => total + turn[field], 0);
  const bytes = (way: "open" | "seal") =>
    phases.filter(({ name }) => name === way)
      .reduce((total, { state }) => total + (state?.bytes ?? 0), 0) ||
    undefined;
  const first = turns.map(({ firstTextAt }) => firstTextAt)
    .filter((at) => at !== undefined);
  return {
    id: record.id,
    tenant: tenant || undefined,
    method: record.method,
    route: route || undefined,
    status,
    code: record.code,
    ignored: record.ignored.length > 0 ? record.ignored.join(" ") : undefined,
    model: turns[0]?.model,
    finish: turns.map(({ end }) => end).join(" ") || undefined,
    tokens_read: sum("read"),
    tokens_generated: sum("generated"),
    tokens_resumed: sum("resumed"),
    state_bytes_in: bytes("open"),
    state_bytes_out: bytes("seal"),
    codec: phases.find(({ name }) => name === "seal")?.state?.codec,
    open_ms: milliseconds(record.spent("open")),
    wait_ms: milliseconds(record.spent("wait")),
    first_token_ms: milliseconds(
      first.length === 0 ? undefined : Math.min(...first) - record.startedAt,
    ),
    prefill_ms: milliseconds(record.spent("prefill")),
    decode_ms: milliseconds(record.spent("decode")),
    seal_ms: milliseconds(record.spent("seal")),
    total_ms: milliseconds(record.endedAt - record.startedAt),
  };
}

function textLine(facts: RequestFacts): string {
  const tokens = facts.tokens_read === undefined
    ? ""
    : `${facts.tokens_read}+${facts.tokens_generated} tokens`;
  return [
    utcNow(),
    facts.status,
    facts.method,
    facts.route ?? "-",
    facts.tenant,
    facts.code,
    tokens,
    facts.finish,
    `${facts.total_ms} ms`,
    facts.id,
  ].filter((word) => word !== undefined && word !== "").join(" ");
}

function jsonLine(level: LogLevel, event: string, facts: object): string {
  return JSON.stringify({ time: utcNow(), level, event, ...facts });
}

/** UTC. */
function utcNow(): string {
  return new Date().toISOString();
}

/** To the microsecond. */
function milliseconds(value: number | undefined): number | undefined {
  return value === undefined ? undefined : Math.round(1000 * value) / 1000;
}

/** An error without its words. */
function anatomy(error: unknown): { name: string; places: string[] } {
  if (!(error instanceof Error)) return { name: typeof error, places: [] };
  const { stack = "", message } = error;
  const said = stack.indexOf(message);
  const places = said < 0 ? [] : stack.slice(said + message.length).split("\n")
    .map((line) => /^ {4}at (.+)$/.exec(line)?.[1])
    .filter((place) => place !== undefined);
  return { name: error.constructor.name, places };
}
