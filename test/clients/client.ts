/**
 * What is asked of every client: three turns, a stream that is gone on from, a
 * tool loop and a fork, each in front of the running program. A client is a row
 * of the table in docs/clients.md, which the run itself writes.
 *
 * @module
 */

import { assert, assertEquals } from "@std/assert";
import type { Exchange } from "./recorder.ts";

/** What a client is tried with, in the order of the table's columns. */
export const CASES = [
  "three turns",
  "a stream gone on from",
  "a tool loop",
  "a fork",
] as const;
/** One of {@linkcode CASES}. */
export type CaseName = typeof CASES[number];

/** Where a case runs. */
export interface Place {
  /** The program's OpenAI routes, behind a recorder. */
  readonly baseURL: string;
  /** The same routes with a model that says what it is told to. */
  readonly scriptedURL: string;
}

/** A client, and what it does. */
export interface Client {
  /** As the table calls it. */
  readonly name: string;
  /** Packages in the import map; the table says their versions. */
  readonly packages: readonly string[];
  /** Where the state is between two turns, for the table. */
  readonly state: string;
  /**
   * The module: its lines that end with `// state` are those that carry it, with
   * `, whole` or `, streamed` those that only one kind of answer needs.
   */
  readonly module: string;
  /** A case is missing where the client has no notion of it. */
  readonly cases: Readonly<
    Partial<Record<CaseName, (place: Place) => Promise<void>>>
  >;
  /** Whether it has no place for a state, so that its history is read again. */
  readonly history?: boolean;
  /** Ends what the cases left running. */
  readonly close?: () => Promise<void>;
}

/** What is said in three turns. */
export const TOLD = ["My name is Dave.", "I live in Rome."] as const;
/** See {@linkcode TOLD}. */
export const ASKED = "What is my name?";
/** What a fork says instead. */
export const OTHER = "My name is Ann.";

/** What a tool is asked for. */
export const WEATHER = "What is the weather in Rome?";
/** Where the tool can look. */
export const CITIES = ["Bern", "Rome"] as const;
/** Arguments of the tool, as a JSON schema. */
export const CITY = {
  type: "object" as const,
  properties: { city: { type: "string" as const, enum: [...CITIES] } },
  required: ["city"],
  additionalProperties: false,
};

/** A tool that remembers its calls. */
export class Weather {
  readonly calls: string[] = [];
  readonly look = ({ city }: { readonly city: string }): string => {
    this.calls.push(city);
    return "rain";
  };

  /** Fails unless the tool was called once, with what its schema allows. */
  expectCalled(): void {
    assertEquals(this.calls.length, 1);
    assert(CITIES.some((city) => city === this.calls[0]), this.calls[0]);
  }
}

/** Fails unless the answer is the name that was told. */
export function expectName(
  text: string | null | undefined,
  name: string,
): void {
  assert(text?.includes(name), `Expected ${name} in: ${text}`);
}

/** Asks, after all that was said before; the answer, and all that was said by now. */
export type AskAfter<Model, Messages> = (
  model: Model,
  content: string,
  before?: Messages,
) => Promise<{ readonly text: string; readonly messages: Messages }>;

/** Three turns and a fork of clients that send back all that was said. */
export function historyCases<Model, Messages>(
  open: (baseURL: string) => Model | Promise<Model>,
  ask: AskAfter<Model, Messages>,
): Required<Pick<Client["cases"], "three turns" | "a fork">> {
  return {
    "three turns": async ({ baseURL }) => {
      const model = await open(baseURL);
      let messages: Messages | undefined;
      for (const told of TOLD) {
        ({ messages } = await ask(model, told, messages));
      }
      expectName((await ask(model, ASKED, messages)).text, "Dave");
    },
    "a fork": async ({ baseURL }) => {
      const model = await open(baseURL);
      const trunk = await ask(model, TOLD[0]);
      const branch = await ask(model, OTHER, trunk.messages);
      expectName((await ask(model, ASKED, branch.messages)).text, "Ann");
      expectName((await ask(model, ASKED, trunk.messages)).text, "Dave");
    },
  };
}

/**
 * Fails unless everything asked was answered, and every request but the first
 * went on from a state; in a tool loop, from a newer one than the last.
 */
export function expectAnswered(
  exchanges: readonly Exchange[],
  title: CaseName,
  { history = false }: Pick<Client, "history"> = {},
): void {
  const asked = exchanges.filter(({ method, path }) =>
    method === "POST" && !/\/(count_tokens|show)$/.test(path)
  );
  assert(asked.length > 1, `Expected more requests than ${asked.length}`);
  for (const { path, status, answer } of asked) {
    assert(status === 200, `${path}: ${status} ${answer.slice(0, 500)}`);
  }
  // A stream that was not asked for its usage says of neither how many they are.
  let before = 0;
  for (const [i, { prompt, cached }] of asked.entries()) {
    assert(
      history || i === 0 || prompt === 0 || cached > before,
      `Request ${
        i + 1
      } of ${asked.length} has read ${cached} of ${prompt} tokens`,
    );
    if (title === "a tool loop") before = cached;
  }
}

/** Lines that carry the state, of whole answers and of streams. */
export interface Lines {
  readonly whole: readonly string[];
  readonly streamed: readonly string[];
}

/** Reads the client's module for its lines. */
export async function linesOf({ module }: Client): Promise<Lines> {
  const source = await Deno.readTextFile(new URL(module));
  const found = [
    ...source.matchAll(/^ *(.*) \/\/ state(, whole|, streamed)?$/gm),
  ];
  const without = (mark: string) =>
    found.filter(([, , found]) => found !== mark).map(([, line]) => line);
  return { whole: without(", streamed"), streamed: without(", whole") };
}
