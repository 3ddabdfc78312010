/**
 * OpenAI's own client, unmodified, in front of the app with fakes behind it.
 *
 * @module
 */

import OpenAI from "openai";
import type { FakeOptions } from "../fake_engine.ts";
import { type Harness, harness } from "../client.ts";

/** The client, and what its words reach. */
export interface OfficialClient extends Harness {
  readonly openai: OpenAI;
}

export function officialClient(options: FakeOptions = {}): OfficialClient {
  const here = harness(options);
  const openai = new OpenAI({
    baseURL: "http://here/v1",
    apiKey: "unused",
    fetch: here.fetch,
    maxRetries: 0,
  });
  return { ...here, openai };
}
