/**
 * Fields that say how a text or a chat is written for the model.
 *
 * @module
 */

import { z } from "@hono/zod-openapi";

/** `chat_template_kwargs`: variables for the model's own template. */
export const TemplateVariables = z.record(z.string(), z.unknown()).optional()
  .describe(
    "Variables of the model's chat template; enable_thinking switches thinking " +
      "in every chat form",
  );
/** Variables for a template. */
export type TemplateVariables = z.infer<typeof TemplateVariables>;

/** `continue_final_message`: what a last message of the assistant's means. */
export const ContinueFinal = z.boolean().optional().describe(
  "Whether the model continues a final assistant message, which is the " +
    "default, or starts a new answer",
);

/** `bos`: how a text begins that begins with the request. */
export const Bos = z.boolean().optional().describe(
  "Whether a new text begins with the end-of-text token; defaults to the " +
    "practice of the model. Prompts given as tokens are read verbatim",
);
