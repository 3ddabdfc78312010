/**
 * Fields of the native API that every other dialect takes too.
 *
 * @module
 */

import { z } from "@hono/zod-openapi";
import { Bos, ContinueFinal, TemplateVariables } from "./chat_fields.ts";
import { nullsLeftOut } from "./closed_object.ts";
import { JsonLimitsField } from "./grammar_fields.ts";
import {
  Initial,
  KeepTranscript,
  OnMismatch,
  Renewable,
  StateCodec,
  StateProfile,
} from "./state_fields.ts";

/** Fields of the native API. */
export const nativeFields = {
  state: z.string().optional()
    .describe(
      "State returned by an earlier answer; only newer messages are read",
    ),
  initial: Initial.optional(),
  bos: Bos,
  chat_template_kwargs: TemplateVariables,
  continue_final_message: ContinueFinal,
  json_limits: nullsLeftOut(JsonLimitsField),
  state_codec: StateCodec,
  state_profile: StateProfile,
  renewable: Renewable,
  transcript: KeepTranscript,
  on_mismatch: OnMismatch,
};
