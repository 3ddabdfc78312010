/**
 * Settings in JSON that lie beside a model: `null` is how they leave a field open, and
 * a field of another type than it should have is refused, for nobody meant it to be
 * passed over.
 *
 * @module
 */

import { ModelError } from "../errors.ts";

/** An object in JSON, and the file that it is from. */
export class JsonSettings {
  readonly #settingsFields: Readonly<Record<string, unknown>>;
  readonly #settingsFile: string;

  /**
   * Reads a file.
   *
   * @param text Its text; empty where there is no such file, which says nothing.
   * @param name For messages.
   * @throws {ModelError} `ERR_MODEL_CORRUPT` if it is no object in JSON.
   */
  constructor(text: string, name: string) {
    this.#settingsFile = name;
    let value: unknown;
    try {
      value = text === "" ? {} : JSON.parse(text);
    } catch (cause) {
      throw this.#refuseSettings("it is not JSON", cause);
    }
    if (typeof value !== "object" || value === null || Array.isArray(value)) {
      throw this.#refuseSettings("it is not an object");
    }
    this.#settingsFields = value as Record<string, unknown>;
  }

  /**
   * A field; nothing if it is absent or `null`.
   *
   * @param isRight Whether a value has the field's type.
   * @param expected What that is, for people.
   * @throws {ModelError} `ERR_MODEL_CORRUPT`, naming the field.
   */
  get<T>(
    field: string,
    isRight: (value: unknown) => value is T,
    expected: string,
  ): T | undefined {
    const value = Object.hasOwn(this.#settingsFields, field)
      ? this.#settingsFields[field]
      : undefined;
    if (value === undefined || value === null) return undefined;
    if (isRight(value)) return value;
    throw this.#refuseSettings(
      `its ${field} is ${
        JSON.stringify(value).slice(0, 80)
      }, and ${expected} ` +
        "is expected",
    );
  }

  #refuseSettings(found: string, cause?: unknown): ModelError {
    return new ModelError(
      "ERR_MODEL_CORRUPT",
      `Cannot read ${this.#settingsFile}: ${found}; mend it, or take it away`,
      { cause },
    );
  }
}

/** Whether a value is a text. */
export function isText(value: unknown): value is string {
  return typeof value === "string";
}

/** Whether a value is true or false. */
export function isBoolean(value: unknown): value is boolean {
  return typeof value === "boolean";
}

/** Whether a value is a number. */
export function isNumeric(value: unknown): value is number {
  return typeof value === "number";
}

/** A text without the mark that some editors put before it. */
export function withoutMark(text: string): string {
  return text.startsWith("\uFEFF") ? text.slice(1) : text;
}
