/**
 * Lists of paths as settings have them, taken apart. Without a schema, so that a
 * launcher can tell which paths a server is about to read.
 *
 * @module
 */

/** Weights and indices of weights; what a folder or a pulled model is not called. */
export const WEIGHTS_FILE = /\.(safetensors|st|pth|gguf|json)$/i;

const NAMED = /^(?:([\w.-]{1,64})=)?(.+)$/;

/** `NAME=VALUE` or `VALUE`, a line each or with commas. */
export function namedEntries(
  list: string,
): [name: string | undefined, value: string][] {
  return list.split(/[\n,]/).map((entry) => entry.trim()).filter((entry) =>
    entry !== ""
  ).map((entry) => {
    const [, name, value = entry] = NAMED.exec(entry) ?? [];
    return [name, value];
  });
}

/** The path of an initial state and whatever may be one, in `NAME=LAYOUT:PATH`. */
export function initialPaths(list: string): string[] {
  return namedEntries(list).flatMap(([, value]) => {
    // What stands before a colon is a layout, a drive, or a part of the path.
    const [, path = value] = /^[\w.-]+:(.+)$/.exec(value) ?? [];
    return path === value ? [value] : [value, path];
  });
}
