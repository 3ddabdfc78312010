/**
 * The assertions of `@std/assert` where there is no Node. A failure keeps what was
 * compared, so that {@linkcode failAgain} can make the same assertion in Deno: its
 * message is then the one that the test would give there.
 *
 * @module
 */

/** An assertion that failed: its name and arguments, in portable form. */
export interface FailedAssertion {
  readonly name: string;
  readonly values: readonly unknown[];
}

/** Why a test failed, as a value that leaves the page. */
export interface Failure {
  /** The error's class. */
  readonly name: string;
  readonly message: string;
  /** Where in the page. */
  readonly stack: string;
  readonly assertion?: FailedAssertion;
}

/** Stands for Node's: what a failed assertion throws. */
export class AssertionError extends Error {
  readonly assertion: FailedAssertion | undefined;

  constructor(
    { message, assertion }: {
      readonly message: string;
      readonly assertion?: FailedAssertion;
    },
  ) {
    super(message);
    this.name = "AssertionError";
    this.assertion = assertion;
  }
}

/** What is told of an error. */
export function failureOf(error: unknown): Failure {
  if (!(error instanceof Error)) {
    return { name: "Error", message: String(error), stack: "" };
  }
  const { name, message, stack = "" } = error;
  // Every test file is bundled with a class of its own.
  const { assertion } = error as Partial<AssertionError>;
  return { name, message, stack, ...assertion && { assertion } };
}

export function assert(value: unknown, message?: string): void {
  if (!value) fail("assert", value, message);
}

export function assertEquals(
  actual: unknown,
  expected: unknown,
  message?: string,
): void {
  if (!same(actual, expected)) fail("assertEquals", actual, expected, message);
}

export function assertNotEquals(
  actual: unknown,
  expected: unknown,
  message?: string,
): void {
  if (same(actual, expected)) {
    fail("assertNotEquals", actual, expected, message);
  }
}

export function assertMatch(
  actual: string,
  pattern: RegExp,
  message?: string,
): void {
  if (!pattern.test(actual)) fail("assertMatch", actual, pattern, message);
}

/** What an error must be: values of its properties, or a function that asserts. */
type Expected = object | ((error: unknown) => boolean);

export function assertThrows(
  work: () => unknown,
  expected: Expected,
  message?: string,
): void {
  try {
    work();
  } catch (error) {
    return expect("assertThrows", error, expected, message);
  }
  fail("assertThrows", undefined, expected, message);
}

export async function assertRejects(
  work: () => Promise<unknown>,
  expected: Expected,
  message?: string,
): Promise<void> {
  try {
    await work();
  } catch (error) {
    return expect("assertRejects", error, expected, message);
  }
  fail("assertRejects", undefined, expected, message);
}

function expect(
  name: string,
  error: unknown,
  expected: Expected,
  message: string | undefined,
): void {
  const holds = typeof expected === "function"
    ? expected(error)
    : Object.entries(expected).every(([key, value]) => {
      const found = (error as Record<string, unknown>)[key];
      return value instanceof RegExp && typeof found === "string"
        ? value.test(found)
        : same(found, value);
    });
  if (!holds) fail(name, error, expected, message);
}

function fail(name: string, ...values: readonly unknown[]): never {
  const told = values.filter((value) => value !== undefined).map(String);
  throw new AssertionError({
    message: `${name}(${told.join(", ").slice(0, 500)}) failed`,
    assertion: { name, values: values.map(portable) },
  });
}

/** Deep equality as Node's strict assertions have it. */
function same(a: unknown, b: unknown): boolean {
  if (Object.is(a, b)) return true;
  if (typeof a !== "object" || typeof b !== "object" || !a || !b) return false;
  if (Object.getPrototypeOf(a) !== Object.getPrototypeOf(b)) return false;
  if (ArrayBuffer.isView(a) || Array.isArray(a)) {
    const [x, y] = [a, b] as unknown as [unknown[], unknown[]];
    return x.length === y.length && x.every((value, i) => same(value, y[i]));
  }
  if (a instanceof Set) {
    const other = [...b as typeof a];
    return a.size === other.length &&
      [...a].every((value) => other.some((its) => same(value, its)));
  }
  if (a instanceof Map) {
    const other = b as typeof a;
    return a.size === other.size &&
      [...a].every(([key, value]) =>
        other.has(key) && same(value, other.get(key))
      );
  }
  if (a instanceof Error) {
    const own = ({ name, message }: Error) => [name, message];
    if (!same(own(a), own(b as Error))) return false;
  }
  const [mine, its] = [Object.entries(a), Object.entries(b)];
  const other = new Map(its);
  return mine.length === its.length &&
    mine.every(([key, value]) => other.has(key) && same(value, other.get(key)));
}

/** A value that survives the way out of the page. */
function portable(value: unknown): unknown {
  if (typeof value === "function") return { $: "function" };
  if (typeof value !== "object" || value === null) return value;
  if (value instanceof RegExp || ArrayBuffer.isView(value)) return value;
  if (Array.isArray(value)) return value.map(portable);
  if (value instanceof Map) {
    return { $: "Map", of: [...value].map(portable) };
  }
  if (value instanceof Set) {
    return { $: "Set", of: [...value].map(portable) };
  }
  const fields = Object.fromEntries(
    Object.entries(value).map(([key, field]) => [key, portable(field)]),
  );
  if (!(value instanceof Error)) return fields;
  const { name, message } = value;
  return { $: "Error", of: { ...fields, name, message } };
}
