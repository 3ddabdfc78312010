/**
 * What went wrong, in words, and what to do about it.
 *
 * @module
 */

import { ApiError } from "../../client/client.ts";

/** A failure as the page tells it. */
export interface Trouble {
  /** One or two sentences. */
  readonly words: string;
  /** What the server said, where that adds anything. */
  readonly detail?: string;
  /** What can be done about it. */
  readonly remedy: "retry" | "settings" | "none";
}

const BY_CODE: Readonly<Record<string, Omit<Trouble, "detail">>> = {
  ERR_REQUEST_UNAUTHORIZED: {
    words: "The server asks for a key, and none it knows came along.",
    remedy: "settings",
  },
  ERR_STATE_REJECTED: {
    words: "This server cannot open the save. It was sealed with another " +
      "key, for other servers, or under another API key.",
    remedy: "settings",
  },
  ERR_STATE_EXPIRED: {
    words: "The save has expired: the server opens saves only for a while.",
    remedy: "none",
  },
  ERR_STATE_MISMATCH: {
    words: "The save belongs to another model than the one served.",
    remedy: "settings",
  },
  ERR_STATE_UNREADABLE: {
    words: "The save is damaged, or is no save at all.",
    remedy: "none",
  },
  ERR_TOO_BUSY: {
    words: "Everybody is talking to the server at once. Try again in a moment.",
    remedy: "retry",
  },
  ERR_DEVICE_LOST: {
    words: "The server is getting its device back. Try again in a moment.",
    remedy: "retry",
  },
  ERR_DEVICE_UNAVAILABLE: {
    words: "The server is still loading its model. Try again in a moment.",
    remedy: "retry",
  },
  ERR_SHUTTING_DOWN: {
    words: "The server is closing. Nothing is lost: another one, or the same " +
      "one started again, goes on from here.",
    remedy: "retry",
  },
  ERR_RATE_LIMITED: {
    words: "This key has used up its minute. Try again in the next one.",
    remedy: "retry",
  },
  ERR_TIME_LIMIT: {
    words: "The server's time for a turn was over before it had begun.",
    remedy: "retry",
  },
  ERR_MODEL_BUSY: {
    words: "Other models take the server's memory. Try again in a moment.",
    remedy: "retry",
  },
  ERR_STATE_OVERFLOW: {
    words: "The model cannot go on from here. Go back to an earlier turn.",
    remedy: "none",
  },
  ERR_REQUEST_TOO_LARGE: {
    words: "The message is too long for the server.",
    remedy: "none",
  },
  ERR_REQUEST_INVALID: {
    words: "The server does not take the request.",
    remedy: "settings",
  },
  ERR_REQUEST_NOT_FOUND: {
    words: "There is a server, but it is no Gosling server.",
    remedy: "settings",
  },
};

const GONE: Trouble = {
  words: "The server cannot be reached. Nothing is lost: the conversation is " +
    "here, and goes on as soon as the server is back.",
  remedy: "retry",
};

const FULL: Trouble = {
  words: "The browser's storage is full. Export saves, delete conversations, " +
    "and try again.",
  remedy: "retry",
};

/** An answer that stopped without its end. */
export class CutOffError extends Error {
  /** Names what is missing. */
  constructor() {
    super("Cannot read the answer: it ended before its end");
    this.name = "CutOffError";
  }
}

/** Says what went wrong. */
export function explain(error: unknown): Trouble {
  if (error instanceof CutOffError) return GONE;
  if (error instanceof Error && error.name === "QuotaExceededError") {
    return FULL;
  }
  if (!(error instanceof ApiError)) {
    // fetch and its streams fail with a TypeError where there is no network.
    return error instanceof TypeError ? GONE : {
      words: "Something went wrong in the page.",
      detail: error instanceof Error ? error.message : String(error),
      remedy: "retry",
    };
  }
  if (error.code === "ERR_UNREACHABLE") return GONE;
  const known = BY_CODE[error.code];
  if (known !== undefined) return { ...known, detail: error.message };
  return {
    words: error.status >= 500
      ? "The server failed."
      : "The server refused the request.",
    detail: error.message,
    remedy: "retry",
  };
}
