/**
 * OpenAI's own client, responses.
 *
 * @module
 */

import { assert } from "@std/assert";
import OpenAI from "openai";
import { zodTextFormat } from "openai/helpers/zod";
import { z } from "zod";
import {
  ASKED,
  CITY,
  type Client,
  expectName,
  OTHER,
  TOLD,
  WEATHER,
  Weather,
} from "./client.ts";

function open(baseURL: string): OpenAI {
  return new OpenAI({ baseURL, apiKey: "unused", maxRetries: 0 });
}

const SETTINGS = { model: "gosling", temperature: 0 } as const;
const PERSON = z.strictObject({ mood: z.enum(["glad", "sad"]) });

/** See the module. */
export const openAiResponses: Client = {
  name: "`openai`, responses",
  packages: ["openai"],
  state: "`response.id`, of streams the last; or items of `output`",
  module: import.meta.url,
  cases: {
    "three turns": async ({ baseURL }) => {
      const { responses } = open(baseURL);
      let previous_response_id: string | undefined;
      for (const input of TOLD) {
        const told = { ...SETTINGS, input, previous_response_id };
        previous_response_id = (await responses.create(told)).id;
      }
      const asked = { ...SETTINGS, input: ASKED, previous_response_id };
      expectName((await responses.create(asked)).output_text, "Dave");
      const { output_parsed } = await responses.parse({
        ...asked,
        text: { format: zodTextFormat(PERSON, "person") },
      });
      PERSON.parse(output_parsed);
    },
    "a stream gone on from": async ({ baseURL }) => {
      const { responses } = open(baseURL);
      const told = { ...SETTINGS, input: TOLD[0] };
      let id: string | undefined;
      for await (
        const event of await responses.create({ ...told, stream: true })
      ) {
        if (event.type === "response.completed") ({ id } = event.response);
      }
      const asked = { ...SETTINGS, input: ASKED, previous_response_id: id };
      expectName((await responses.create(asked)).output_text, "Dave");
      const helped = await responses.stream({
        ...SETTINGS,
        input: TOLD[1],
        previous_response_id: id,
      }).finalResponse();
      const again = { input: ASKED, previous_response_id: helped.id };
      expectName(
        (await responses.create({ ...SETTINGS, ...again })).output_text,
        "Dave",
      );
      // Its words come as they are written where no id is wanted.
      const { output } = await responses.stream({
        ...SETTINGS,
        store: false,
        input: TOLD[1],
        previous_response_id: id,
      }).finalResponse();
      const { output_text } = await responses.stream({
        ...SETTINGS,
        input: [
          ...output as OpenAI.Responses.ResponseInput,
          { role: "user", content: ASKED },
        ],
      }).finalResponse();
      expectName(output_text, "Dave");
    },
    "a tool loop": async ({ baseURL }) => {
      const { responses } = open(baseURL);
      const weather = new Weather();
      const tools: OpenAI.Responses.FunctionTool[] = [
        { type: "function", name: "weather", parameters: CITY, strict: true },
      ];
      const called = await responses.create({
        ...SETTINGS,
        input: WEATHER,
        tools,
        tool_choice: "required",
      });
      const answer = await responses.create({
        ...SETTINGS,
        tools,
        previous_response_id: called.id,
        input: called.output.flatMap((item) =>
          item.type === "function_call"
            ? [{
              type: "function_call_output" as const,
              call_id: item.call_id,
              output: weather.look(JSON.parse(item.arguments)),
            }]
            : []
        ),
      });
      assert(answer.output_text !== "");
      weather.expectCalled();
    },
    "a fork": async ({ baseURL }) => {
      const { responses } = open(baseURL);
      const ask = async (input: string, previous_response_id?: string) =>
        await responses.create({ ...SETTINGS, input, previous_response_id });
      const trunk = await ask(TOLD[0]);
      const branch = await ask(OTHER, trunk.id);
      expectName((await ask(ASKED, branch.id)).output_text, "Ann");
      expectName((await ask(ASKED, trunk.id)).output_text, "Dave");
    },
  },
};
