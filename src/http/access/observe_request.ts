/**
 * The record of each request: begun when it comes, finished with its last turn.
 *
 * @module
 */

import type { MiddlewareHandler } from "hono";
import { matchedRoutes } from "hono/route";
import type { Observer } from "../../observe/request_observer.ts";
import { RequestRecord } from "../../observe/request_record.ts";
import type { AppEnv } from "../services.ts";

/** Keeps a record of every request that has an id. */
export function observe(observer: Observer): MiddlewareHandler<AppEnv> {
  const finished = (record: RequestRecord) => observer.finished?.(record);
  return async function observe(c, next): Promise<void> {
    const { method } = c.req;
    const id = c.get("requestId");
    const record = new RequestRecord({ id, method }, finished);
    c.set("record", record);
    observer.begun?.(record);
    await next();
    const route = matchedRoutes(c).findLast((route) => route.method !== "ALL");
    record.answer = {
      route: route?.path ?? "",
      tenant: c.get("tenant") ?? "",
      status: c.res.status,
    };
    observer.answered?.(record);
    record.release();
  };
}
