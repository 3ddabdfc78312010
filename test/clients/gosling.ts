/**
 * Our own client, as a server gives it away.
 *
 * @module
 */

import { assertEquals } from "@std/assert";
// @ts-types="../../src/web/dist/client.d.ts"
import { Client, Conversation } from "@gosling/client";
import {
  ASKED,
  type Client as TriedClient,
  expectName,
  OTHER,
  TOLD,
} from "./client.ts";

function open(baseURL: string): Conversation {
  return new Conversation(new Client(baseURL), { temperature: 0 });
}

/** See the module. */
export const gosling: TriedClient = {
  name: "`@gosling/client`, the server's own",
  packages: ["@gosling/client"],
  state: "`chat.save`; the whole tree in `JSON.stringify(chat)`",
  module: import.meta.url,
  cases: {
    "three turns": async ({ baseURL }) => {
      const chat = open(baseURL);
      for (const told of TOLD) await chat.ask(told);
      expectName((await chat.ask(ASKED)).answer, "Dave");
    },
    "a stream gone on from": async ({ baseURL }) => {
      const chat = open(baseURL);
      let text = "";
      for await (const piece of chat.say(TOLD[0])) text += piece;
      assertEquals([chat.turn?.answer, chat.turn?.finish], [text, "stop"]);
      expectName((await chat.ask(ASKED)).answer, "Dave");
    },
    "a fork": async ({ baseURL }) => {
      const trunk = open(baseURL);
      await trunk.ask(TOLD[0]);
      const branch = trunk.fork();
      await branch.ask(OTHER);
      expectName((await branch.ask(ASKED)).answer, "Ann");
      expectName((await trunk.ask(ASKED)).answer, "Dave");
    },
  },
};
