/**
 * How the page and the commands draw where nobody says otherwise. A small nucleus,
 * as in BlinkDL's chat demo: small models misspell what they remember when unlikely
 * pieces may be drawn. The API's own default draws from every token.
 *
 * @module
 */

/** Sampling that gives readable text. */
export const READABLE_SAMPLING = { temperature: 1, top_p: 0.3 } as const;
