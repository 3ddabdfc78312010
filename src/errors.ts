/**
 * Everything this program throws on purpose, by a code that never changes.
 *
 * Nothing here knows HTTP: `http/problem.ts` gives each code its status.
 *
 * @module
 */

/** The stable name of a failure. Clients switch on it: add, never rename. */
export type ErrorCode =
  | "ERR_CONFIG_INVALID"
  | "ERR_DEVICE_FAILED"
  | "ERR_DEVICE_LOST"
  | "ERR_DEVICE_UNAVAILABLE"
  | "ERR_MODEL_BUSY"
  | "ERR_MODEL_CHECKSUM"
  | "ERR_MODEL_CORRUPT"
  | "ERR_MODEL_DISK"
  | "ERR_MODEL_NETWORK"
  | "ERR_MODEL_NOT_FOUND"
  | "ERR_MODEL_OFFLINE"
  | "ERR_MODEL_TOO_LARGE"
  | "ERR_MODEL_UNSUPPORTED"
  | "ERR_RATE_LIMITED"
  | "ERR_REQUEST_FORBIDDEN"
  | "ERR_REQUEST_INVALID"
  | "ERR_REQUEST_MALFORMED"
  | "ERR_REQUEST_MEDIA_TYPE"
  | "ERR_REQUEST_METHOD"
  | "ERR_REQUEST_NOT_FOUND"
  | "ERR_REQUEST_ORIGIN"
  | "ERR_REQUEST_TIMEOUT"
  | "ERR_REQUEST_TOO_LARGE"
  | "ERR_REQUEST_UNAUTHORIZED"
  | "ERR_SHUTTING_DOWN"
  | "ERR_STATE_EXPIRED"
  | "ERR_STATE_MISMATCH"
  | "ERR_STATE_NOT_FOUND"
  | "ERR_STATE_OVERFLOW"
  | "ERR_STATE_PROFILE"
  | "ERR_STATE_REJECTED"
  | "ERR_STATE_TRANSCRIPT"
  | "ERR_STATE_UNREADABLE"
  | "ERR_TIME_LIMIT"
  | "ERR_TOO_BUSY"
  | "ERR_VOCABULARY_CORRUPT";

/** The codes of one family: `CodeOf<"STATE">` is `"ERR_STATE_REJECTED" | …`. */
export type CodeOf<Family extends string> = Extract<
  ErrorCode,
  `ERR_${Family}_${string}`
>;

/** An error thrown on purpose. */
export abstract class GoslingError<Code extends ErrorCode = ErrorCode>
  extends Error {
  /** The stable name of this failure. */
  readonly code: Code;

  /**
   * Names the error after its class.
   *
   * @param code The stable name of this failure.
   * @param message `Cannot <do what>: <what was found>`, without a period.
   * @param options The error underneath, as `cause`.
   */
  constructor(code: Code, message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = new.target.name;
    this.code = code;
  }
}

/** A flag or environment variable does not say what it should. */
export class ConfigError extends GoslingError<"ERR_CONFIG_INVALID"> {}

/** A device is absent, refused a command, or went away. */
export class DeviceError extends GoslingError<CodeOf<"DEVICE">> {}

/** A model cannot be fetched, read, or loaded; or its vocabulary cannot. */
export class ModelError
  extends GoslingError<CodeOf<"MODEL"> | "ERR_VOCABULARY_CORRUPT"> {}

/** A request does not fit the contract. */
export class RequestError extends GoslingError<CodeOf<"REQUEST">> {}

/** A state is not ours, not whole, or not for this model. */
export class StateError extends GoslingError<CodeOf<"STATE">> {}

/** Every lane is taken and the queue is full. */
export class BusyError extends GoslingError<"ERR_TOO_BUSY"> {}

/** A caller has used up what a minute allows. */
export class RateError extends GoslingError<"ERR_RATE_LIMITED"> {}

/** The time allowed was over before there was anything to return. */
export class TimeLimitError extends GoslingError<"ERR_TIME_LIMIT"> {}

/** The program ends its turns and takes no new ones. */
export class ClosingError extends GoslingError<"ERR_SHUTTING_DOWN"> {}
