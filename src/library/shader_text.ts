/**
 * Shaders inside the package: they are a fifth of its bytes as text.
 *
 * @module
 */

import { inflateSync } from "fflate";
import { fromBase64url } from "../text/base64url.ts";

/** The texts that `tools/library.ts` deflated, all in one. */
export function shaderTexts(packed: string): string[] {
  const text = new TextDecoder().decode(inflateSync(fromBase64url(packed)));
  return text.split("\0");
}
