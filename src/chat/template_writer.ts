/**
 * Whole conversations in a model's own words.
 *
 * @module
 */

import { RequestError } from "../errors.ts";
import type { TemplateSource } from "../model/template_source.ts";
import { Jinja } from "./jinja.ts";
import type { Message } from "./template.ts";
import type { Effort } from "./think.ts";

/** Messages, and whether the model is to answer. */
export type Transcript = readonly [
  messages: readonly Message[],
  answer: boolean,
];

/** Writes whole conversations. */
export class TemplateWriter {
  readonly #jinja: Jinja;
  readonly #ends: readonly string[];

  /** Starts nothing before the first. */
  constructor({ source, ends }: TemplateSource, patience?: number) {
    this.#jinja = new Jinja(source, patience);
    this.#ends = ends;
  }

  /**
   * Writes each of them.
   *
   * @throws {RequestError} `ERR_REQUEST_INVALID` if the template does not take them.
   */
  async write(
    conversations: readonly Transcript[],
    effort: Effort = "none",
  ): Promise<readonly string[]> {
    const values = conversations.map(([messages, answer]) => ({
      bos_token: "",
      eos_token: "",
      messages: messages.map(({ reasoning, ...message }) => ({
        ...message,
        ...(reasoning !== undefined && { reasoning_content: reasoning }),
      })),
      add_generation_prompt: answer,
      enable_thinking: effort !== "none",
      ...(effort !== "none" && { reasoning_effort: effort }),
    }));
    const reply = await this.#jinja.write(values);
    if ("texts" in reply) return reply.texts.map((text) => this.#strip(text));
    throw new RequestError(
      "ERR_REQUEST_INVALID",
      "Cannot take request: the model's chat template refuses the messages: " +
        reply.failure.slice(0, 300),
      { cause: reply.failure },
    );
  }

  /** The end of text is a token and no text; a blank state begins with it anyway. */
  #strip(text: string): string {
    return this.#ends.reduce((text, end) => text.replaceAll(end, ""), text);
  }

  /** Ends the thread. */
  close(): void {
    this.#jinja.close();
  }
}
