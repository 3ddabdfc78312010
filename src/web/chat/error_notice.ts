/**
 * What went wrong, in words, and what to do about it.
 *
 * @module
 */

import { ApiError } from "../../client/client.ts";
import { MissingSaveError } from "../store/missing_save.ts";

/** A failure as the page tells it. */
export interface ErrorNotice {
  /** One or two sentences. */
  readonly message: string;
  /** What the server said, where that adds anything. */
  readonly detail?: string;
  /** What can be done about it. */
  readonly action: "retry" | "settings" | "device" | "rebase" | "none";
  /** Where a save is gone: what is left to go on from. */
  readonly missing?: Pick<MissingSaveError, "nearest" | "words">;
}

const NOTICES_BY_CODE: Readonly<Record<string, Omit<ErrorNotice, "detail">>> = {
  ERR_REQUEST_UNAUTHORIZED: {
    message:
      "The server needs an API key, and this page has none that it accepts.",
    action: "settings",
  },
  ERR_LOCAL: {
    message: "The model could not be loaded into this tab.",
    action: "retry",
  },
  ERR_STATE_REJECTED: {
    message: "This server cannot open the save. It was sealed with another " +
      "key, for other servers, or under another API key.",
    action: "settings",
  },
  ERR_STATE_EXPIRED: {
    message: "The save has expired: this server limits the lifetime of saves.",
    action: "none",
  },
  ERR_STATE_MISMATCH: {
    message:
      "Another model answers here than the one that made this save; it " +
      "can read the conversation again.",
    action: "rebase",
  },
  ERR_STATE_UNREADABLE: {
    message: "The file is damaged, or it is not a save.",
    action: "none",
  },
  ERR_TOO_BUSY: {
    message: "The server is at capacity. Try again in a moment.",
    action: "retry",
  },
  ERR_DEVICE_LOST: {
    message: "The server is restarting its device. Try again in a moment.",
    action: "retry",
  },
  ERR_DEVICE_UNAVAILABLE: {
    message: "The server is still loading its model. Try again in a moment.",
    action: "retry",
  },
  ERR_SHUTTING_DOWN: {
    message:
      "The server is shutting down. Nothing is lost: continue when it is " +
      "back, or on another server.",
    action: "retry",
  },
  ERR_RATE_LIMITED: {
    message: "The rate limit of this key is reached. Try again in a minute.",
    action: "retry",
  },
  ERR_TIME_LIMIT: {
    message: "The time limit of the turn was reached before the answer began.",
    action: "retry",
  },
  ERR_MODEL_BUSY: {
    message:
      "Other models are using the server's memory. Try again in a moment.",
    action: "retry",
  },
  ERR_STATE_OVERFLOW: {
    message:
      "The model cannot continue from this state. Go back to an earlier turn.",
    action: "none",
  },
  ERR_REQUEST_TOO_LARGE: {
    message: "The message is too long for the server.",
    action: "none",
  },
  ERR_REQUEST_INVALID: {
    message: "The server rejected the request.",
    action: "settings",
  },
  ERR_REQUEST_NOT_FOUND: {
    message: "This address is not a Gosling server.",
    action: "settings",
  },
};

const GONE: ErrorNotice = {
  message:
    "The server cannot be reached. Nothing is lost: the conversation is kept " +
    "in this browser and continues when the server is back. It can also " +
    "continue in this tab: the page's small model then reads the conversation " +
    "again, because only the server can open its saves.",
  action: "device",
};

const STORAGE_FULL: ErrorNotice = {
  message:
    "The browser's storage is full. Export saves, delete conversations, " +
    "and try again.",
  action: "retry",
};

/** The turn at which a tab stood is not in the library. */
export const CONVERSATION_GONE: ErrorNotice = {
  message:
    "The conversation that was open here is not in this browser any more: it " +
    "was deleted, or the browser's storage was cleared. What you say now " +
    "begins another.",
  action: "none",
};

/** An answer that came, and for which there is no room. */
export const NO_ROOM: ErrorNotice = {
  message:
    "The browser has no room for this answer: it is here until the tab is " +
    "closed, and the conversation goes on. Export it, or delete other " +
    "conversations.",
  action: "none",
};

/** An answer that stopped without its end. */
export class CutOffError extends Error {
  /** Names what is missing. */
  constructor() {
    super("Cannot read the answer: it ended before its end");
    this.name = "CutOffError";
  }
}

function explainMissing({ nearest, words }: MissingSaveError): ErrorNotice {
  return {
    message:
      "The save of this turn is gone from this browser: it was cleared, " +
      "or the browser made room. Nothing was sent, for the model would know " +
      "nothing of what was said." +
      (nearest === null
        ? " No earlier save of the conversation is left."
        : "") +
      (words
        ? " The words are here and can be read again, from the first."
        : ""),
    action: "none",
    missing: { nearest, words },
  };
}

/** Says what went wrong. */
export function explain(error: unknown): ErrorNotice {
  if (error instanceof CutOffError) return GONE;
  if (error instanceof MissingSaveError) return explainMissing(error);
  if (error instanceof Error && error.name === "QuotaExceededError") {
    return STORAGE_FULL;
  }
  if (!(error instanceof ApiError)) {
    // fetch and its streams fail with a TypeError where there is no network.
    return error instanceof TypeError ? GONE : {
      message: "Something went wrong in the page.",
      detail: error instanceof Error ? error.message : String(error),
      action: "retry",
    };
  }
  if (error.code === "ERR_UNREACHABLE") return GONE;
  const known = NOTICES_BY_CODE[error.code];
  if (known !== undefined) return { ...known, detail: error.message };
  return {
    message: error.status >= 500
      ? "The server failed."
      : "The server refused the request.",
    detail: error.message,
    action: "retry",
  };
}
