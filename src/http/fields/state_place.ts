/**
 * Where a chat's state shall be: as the request says, or a header, which clients that
 * know no other fields can be set up with once.
 *
 * @module
 */

import { z } from "@hono/zod-openapi";
import type { Context } from "hono";
import { RequestError } from "../../errors.ts";
import type { AppEnv } from "../services.ts";

/** Where else an answer's state goes. */
export const StatePlace = z.enum(["answer", "message", "ids"]).describe(
  "Where the state is returned: at the top level of the answer, also in the " +
    "message, or also in the ids of its tool calls. Can be set by the header " +
    "gosling-state-in",
);

const STATE_PLACE_HEADER = "gosling-state-in";

/** Where the state shall be, by the request or the header. */
export function statePlace(
  c: Context<AppEnv>,
  place: StatePlaceName | undefined,
): StatePlaceName | undefined {
  const header = c.req.header(STATE_PLACE_HEADER);
  if (place !== undefined || header === undefined) return place;
  const { success, data } = StatePlace.safeParse(header);
  if (success) return data;
  throw new RequestError(
    "ERR_REQUEST_INVALID",
    `Cannot take request: the header ${STATE_PLACE_HEADER} is none of ${
      StatePlace.options.join(", ")
    }`,
  );
}

/** A place. */
export type StatePlaceName = typeof StatePlace.options[number];
