/**
 * Instructor: answers in the form of a schema.
 *
 * @module
 */

import { default as instructor } from "@instructor-ai/instructor";
import { assert } from "@std/assert";
import OpenAI from "openai";
import { z } from "zod/v3";
import { ASKED, type Client, expectName, OTHER, TOLD } from "./client.ts";

type Mode = "TOOLS" | "JSON_SCHEMA";

function open(baseURL: string, mode: Mode) {
  return instructor({
    client: new OpenAI({ baseURL, apiKey: "unused", maxRetries: 0 }),
    mode,
  });
}

/** The same client; its types leave out that a call needs no schema. */
function plain(baseURL: string): OpenAI {
  return open(baseURL, "TOOLS") as unknown as OpenAI;
}

/** The fields of a turn that goes on from an answer, or from a chunk. */
function turn(content: string, before?: object) {
  return {
    model: "gosling",
    temperature: 0,
    messages: [{ role: "user" as const, content }],
    ...(before && "state" in before && { state: before.state }), // state
  };
}

const PERSON = {
  name: "person",
  schema: z.object({ mood: z.enum(["glad", "sad"]) }),
};

/** See the module. */
export const instructorJs: Client = {
  name: "`@instructor-ai/instructor`",
  packages: ["@instructor-ai/instructor", "openai"],
  state: "`answer.state` of what is asked without a schema",
  module: import.meta.url,
  cases: {
    "three turns": async ({ baseURL }) => {
      const { chat } = plain(baseURL);
      let answer: OpenAI.ChatCompletion | undefined;
      for (const told of TOLD) {
        answer = await chat.completions.create(turn(told, answer));
      }
      for (const mode of ["TOOLS", "JSON_SCHEMA"] as const) {
        const person = await open(baseURL, mode).chat.completions.create({
          ...turn("How am I?", answer),
          response_model: PERSON,
        });
        PERSON.schema.parse(person);
      }
      answer = await chat.completions.create(turn(ASKED, answer));
      expectName(answer.choices[0]?.message.content, "Dave");
    },
    "a stream gone on from": async ({ baseURL }) => {
      const { chat } = plain(baseURL);
      let last: object | undefined;
      for await (
        const chunk of await chat.completions.create({
          ...turn(TOLD[0]),
          stream: true,
        })
      ) {
        if ("state" in chunk) last = chunk; // state, streamed
      }
      const answer = await chat.completions.create(turn(ASKED, last));
      expectName(answer.choices[0]?.message.content, "Dave");
      let person: object | undefined;
      for await (
        const piece of await open(baseURL, "TOOLS").chat.completions.create({
          ...turn("How am I?", last),
          response_model: PERSON,
          stream: true,
        })
      ) person = piece;
      assert(person !== undefined && "mood" in person);
    },
    "a fork": async ({ baseURL }) => {
      const { chat } = plain(baseURL);
      const trunk = await chat.completions.create(turn(TOLD[0]));
      const branch = await chat.completions.create(turn(OTHER, trunk));
      const other = await chat.completions.create(turn(ASKED, branch));
      expectName(other.choices[0]?.message.content, "Ann");
      const same = await chat.completions.create(turn(ASKED, trunk));
      expectName(same.choices[0]?.message.content, "Dave");
    },
  },
};
