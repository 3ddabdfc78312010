/**
 * Shaders inside the package: they are a fifth of its bytes as text.
 *
 * @module
 */

import { inflateSync } from "fflate";
import { fromBase64url } from "../text/base64url.ts";

/** The text that `tools/library.ts` deflated. */
export function shaderText(packed: string): string {
  return new TextDecoder().decode(inflateSync(fromBase64url(packed)));
}
