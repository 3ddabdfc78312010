/**
 * Messages' contents in their many forms, as the text that the model reads.
 *
 * @module
 */

import { text } from "../fields/text_fields.ts";
import { z } from "@hono/zod-openapi";
import { list } from "../fields/long_lists.ts";
import { nullsLeftOut } from "../fields/closed_object.ts";

/** What parts are that no text is in, by their types. */
const UNREADABLE_PARTS: Readonly<Record<string, string>> = {
  file: "files are",
  image: "images are",
  image_url: "images are",
  input_audio: "audio is",
  input_file: "files are",
  input_image: "images are",
  input_video: "videos are",
  video_url: "videos are",
};

/** A part of a message; only text can be read. */
const TextPart = z.preprocess(
  (part, context) => {
    const { type }: { type?: unknown } = part instanceof Object ? part : {};
    if (typeof type === "string" && Object.hasOwn(UNREADABLE_PARTS, type)) {
      context.addIssue({
        code: "custom",
        message: `${UNREADABLE_PARTS[type]} not taken: the model reads text`,
      });
    }
    return part;
  },
  nullsLeftOut(z.strictObject({
    type: z.enum([
      "text",
      "input_text",
      "output_text",
      "refusal",
      "reasoning_text",
      "summary_text",
    ]),
    text: text.optional(),
    refusal: text.optional(),
    annotations: z.unknown().optional(),
    logprobs: z.unknown().optional(),
    state: z.string().optional(),
  })),
).transform(({ text, refusal, state }) => ({
  text: text ?? refusal ?? "",
  state,
}));

/** A message's content, whatever its form: its text, and a state in its parts. */
export const CarryingContent = z.union([
  text.transform((text) => ({ text, state: undefined })),
  list(TextPart).max(1024).transform((parts) => ({
    text: parts.map(({ text }) => text).join(""),
    state: parts.findLast(({ state }) => state !== undefined)?.state,
  })),
]);

/** A message's content, whatever its form, as text. */
export const Content = CarryingContent.transform(({ text }) => text);
