/**
 * Names of members as the API writes them.
 *
 * @module
 */

/** The same data under the API's names: `attShift` becomes `att_shift`. */
export function snakeCase(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(snakeCase);
  if (!(value instanceof Object)) return value;
  return Object.fromEntries(
    Object.entries(value).map(([key, member]) => [
      key.replaceAll(/[a-z][A-Z]/g, ([a, b]) => `${a}_${b?.toLowerCase()}`),
      snakeCase(member),
    ]),
  );
}
