/**
 * Clients that have no place for a state, or leave it out, with the keeper in front of
 * the server: what they need is a URL.
 *
 * @module
 */

import { type CaseName, CASES, type Client, type Place } from "./client.ts";
import { serveKeeper, type Server } from "./server.ts";

/** A keeper for each server. */
const keepers = new Map<string, Promise<Server>>();

async function keeperOf(behind: string): Promise<string> {
  const keeper = keepers.get(behind) ?? serveKeeper(behind);
  keepers.set(behind, keeper);
  return (await keeper).baseURL;
}

/** The same client, through the keeper. */
export function throughKeeper({ name, packages, cases }: Client): Client {
  const kept = CASES.flatMap(
    (title): [CaseName, Client["cases"][CaseName]][] => {
      const { [title]: run } = cases;
      if (run === undefined) return [];
      return [[title, async ({ baseURL, scriptedURL }: Place) =>
        await run({
          baseURL: await keeperOf(baseURL),
          scriptedURL: await keeperOf(scriptedURL),
        })]];
    },
  );
  return {
    name: `${name}, through \`deno task keep\``,
    packages,
    state: "in the keeper's folder",
    module: import.meta.url,
    cases: Object.fromEntries(kept),
    async close(): Promise<void> {
      const servers = [...keepers.values()];
      keepers.clear();
      for (const server of servers) await (await server)[Symbol.asyncDispose]();
    },
  };
}
