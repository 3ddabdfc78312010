/**
 * Where a chat's state shall be: as the request says, or a header, which clients that
 * know no other fields can be set up with once.
 *
 * @module
 */

import type { Context } from "hono";
import { RequestError } from "../../errors.ts";
import type { AppEnv } from "../services.ts";
import { StatePlace } from "./schema.ts";

const HEADER = "gosling-state-in";

/** Where the state shall be, by the request or the header. */
export function statePlace(
  c: Context<AppEnv>,
  place: StatePlaceName | undefined,
): StatePlaceName | undefined {
  const header = c.req.header(HEADER);
  if (place !== undefined || header === undefined) return place;
  const { success, data } = StatePlace.safeParse(header);
  if (success) return data;
  throw new RequestError(
    "ERR_REQUEST_INVALID",
    `Cannot take request: the header ${HEADER} is none of ${
      StatePlace.options.join(", ")
    }`,
  );
}

/** A place. */
export type StatePlaceName = typeof StatePlace.options[number];
