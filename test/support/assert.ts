/**
 * The assertions of `@std/assert` that the tests use, over Node's built-ins: the
 * JSR registry is not needed. Swap the import-map line to use the original.
 *
 * @module
 */

import nodeAssert from "node:assert/strict";

/** Asserts that `value` is truthy. */
export function assert(value: unknown, message?: string): asserts value {
  nodeAssert.ok(value, message);
}

/** Asserts deep equality. */
export function assertEquals<T>(
  actual: T,
  expected: T,
  message?: string,
): void {
  nodeAssert.deepStrictEqual(actual, expected, message);
}

/** Asserts that two values are not deeply equal. */
export function assertNotEquals<T>(
  actual: T,
  expected: T,
  message?: string,
): void {
  nodeAssert.notDeepStrictEqual(actual, expected, message);
}

/** Asserts identity. */
export function assertStrictEquals<T>(
  actual: unknown,
  expected: T,
  message?: string,
): asserts actual is T {
  nodeAssert.strictEqual(actual, expected, message);
}

/** Asserts that `actual` contains `expected`. */
export function assertStringIncludes(
  actual: string,
  expected: string,
  message?: string,
): void {
  nodeAssert.ok(
    actual.includes(expected),
    message ?? `Expected ${JSON.stringify(actual)} to include ${expected}`,
  );
}

/** Asserts that `actual` matches `pattern`. */
export function assertMatch(
  actual: string,
  pattern: RegExp,
  message?: string,
): void {
  nodeAssert.match(actual, pattern, message);
}

/** Asserts that `work` throws what `expected` describes. */
export function assertThrows(
  work: () => unknown,
  expected: nodeAssert.AssertPredicate,
  message?: string,
): void {
  nodeAssert.throws(work, expected, message);
}

/** Asserts that `work` rejects with what `expected` describes. */
export async function assertRejects(
  work: () => Promise<unknown>,
  expected: nodeAssert.AssertPredicate,
  message?: string,
): Promise<void> {
  await nodeAssert.rejects(work, expected, message);
}
