/**
 * The tokens of a text, for routes that take no turn.
 *
 * @module
 */

import type { Context } from "hono";
import { inSteps } from "../../steps.ts";
import { encoding } from "../../text/stepwise_encoding.ts";
import { charge } from "../access/charge_tokens.ts";
import type { AppEnv } from "../services.ts";

/**
 * Encodes a text in steps, at its caller's charge.
 *
 * @param special Whether a text that begins with the end-of-text token has it.
 */
export async function textTokens(
  c: Context<AppEnv>,
  text: string,
  special = false,
): Promise<readonly number[]> {
  charge(c, text.length);
  const { engine: { tokenizer }, bos } = c.get("services");
  const tokens = await inSteps(encoding(text, tokenizer));
  return special && (bos?.text ?? true) ? [tokenizer.end, ...tokens] : tokens;
}
