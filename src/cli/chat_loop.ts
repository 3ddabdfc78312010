/**
 * A chat, line by line: what is typed is said, and words that begin with a slash
 * are commands.
 *
 * @module
 */

import { ApiError } from "../client/client.ts";
import type { Conversation } from "../client/conversation.ts";
import type { Exchange } from "../client/save_file.ts";
import { GoslingError } from "../errors.ts";
import { formatBytes, formatTable } from "../text/format_units.ts";
import { timeAgo } from "./time_ago.ts";
import type { KeptSave, SaveFolder } from "./saves_folder.ts";

/** What a chat needs of its surroundings. */
export interface ChatSetting {
  /** A conversation from a save, or from nothing. */
  readonly begin: (save?: string) => Conversation;
  /** Whether it begins a blank one with an initial state, whose words are unknown. */
  readonly initial?: boolean;
  readonly saves: SaveFolder;
  /** Writes to the terminal. */
  readonly write: (text: string) => void;
  /** Gives a signal that ends the turn about to begin. */
  readonly interrupt: () => AbortSignal;
  /** What to tell of an error of the server's; by default its own words. */
  readonly explain?: (error: ApiError, save: string | undefined) => string;
}

const CHAT_COMMANDS = `/save NAME  keep the conversation as it is now
/load NAME  go on from a kept conversation
/saves      list what is kept
/fork       go on in a copy; /fork 1 goes back to the first
/undo       take the last turn back
/help       this list
/quit       end
`;

/** Holds a chat until `lines` end or somebody quits. */
export async function chatLoop(
  lines: AsyncIterable<string>,
  setting: ChatSetting,
): Promise<void> {
  const chat = new Chat(setting);
  setting.write("> ");
  for await (const line of lines) {
    const text = line.trim();
    if (text === "/quit") return;
    try {
      await chat.take(text);
    } catch (error) {
      setting.write(`${chat.explain(error)}\n`);
    }
    setting.write("> ");
  }
}

/** One of the ways that a chat goes. */
interface Branch {
  readonly conversation: Conversation;
  /** The words of its turns. */
  readonly past: readonly Exchange[];
  /** Whether it began with others. */
  readonly partial: boolean;
  /** The save that it is kept in. */
  readonly name?: string;
}

class Chat {
  readonly #samplingSetting: ChatSetting;
  readonly #branches: Branch[];
  #currentBranch = 0;
  /** What a yes to the question just asked does. */
  #askedQuestion: (() => Promise<void>) | undefined;

  constructor(setting: ChatSetting) {
    this.#samplingSetting = setting;
    const { begin, initial = false } = setting;
    this.#branches = [{ conversation: begin(), past: [], partial: initial }];
  }

  async take(line: string): Promise<void> {
    const asked = this.#askedQuestion;
    this.#askedQuestion = undefined;
    if (asked !== undefined && /^y(es)?$/i.test(line)) return await asked();
    if (asked !== undefined && /^(no?)?$/i.test(line)) {
      return this.#tellUser("Nothing was saved");
    }
    if (line === "") return;
    if (!line.startsWith("/")) return await this.#sayToModel(line);
    const [command = "", word = ""] = line.split(/\s+/);
    switch (command) {
      case "/save":
        return await this.#saveChat(word);
      case "/load":
        return await this.#loadSave(word);
      case "/saves":
        return await this.#listBranches();
      case "/fork":
        return this.#forkChat(word);
      case "/undo":
        return this.#undoTurn();
      case "/help":
        return this.#samplingSetting.write(CHAT_COMMANDS);
      default:
        return this.#tellUser(
          `There is no ${command}; /help lists what there is`,
        );
    }
  }

  /** What to tell a person of an error that leaves the chat alive. */
  explain(error: unknown): string {
    if (error instanceof ApiError) {
      const { explain } = this.#samplingSetting;
      const { save } = this.#currentSave.conversation;
      return explain?.(error, save) ?? error.message;
    }
    if (error instanceof GoslingError) return error.message;
    if (error instanceof DOMException && error.name === "AbortError") {
      return "Interrupted: the turn is taken back";
    }
    throw error;
  }

  get #currentSave(): Branch {
    const here = this.#branches[this.#currentBranch];
    if (here === undefined) throw new RangeError("No such branch");
    return here;
  }

  async #sayToModel(line: string): Promise<void> {
    const { write, interrupt } = this.#samplingSetting;
    const { conversation, past } = this.#currentSave;
    let answer = "";
    try {
      for await (const piece of conversation.say(line, interrupt())) {
        answer += piece;
        write(piece);
      }
      this.#changeSetting({ past: [...past, { user: line, answer }] });
    } finally {
      write("\n");
    }
  }

  async #saveChat(name: string): Promise<void> {
    const { conversation: { save }, past, partial, name: own } =
      this.#currentSave;
    if (save === undefined) return this.#tellUser("Nothing has been said yet");
    const write = async () => {
      await this.#samplingSetting.saves.write(name, save, { past, partial });
      this.#changeSetting({ name });
      this.#tellUser(`Saved ${name} (${save.length} bytes)`);
    };
    const there = await this.#samplingSetting.saves.read(name);
    // A conversation may be kept again where it was kept before.
    if (there === undefined || name === own) return await write();
    this.#askedQuestion = write;
    this.#tellUser(
      `There is a save ${name} already (${about(there)}). Write over it? [y/N]`,
    );
  }

  async #loadSave(name: string): Promise<void> {
    const { saves, begin } = this.#samplingSetting;
    const save = await saves.read(name);
    if (save === undefined) return this.#tellUser(`There is no save ${name}`);
    const { state, past, partial = false } = save;
    this.#branches[this.#currentBranch] = {
      conversation: begin(state),
      past,
      partial,
      name,
    };
    const last = past.at(-1);
    this.#tellUser(
      `Loaded ${name}` +
        (last === undefined
          ? ""
          : `, which ends:\n  ${last.user}\n  ${last.answer.trim()}`),
    );
  }

  async #listBranches(): Promise<void> {
    const { saves } = this.#samplingSetting;
    const rows: string[][] = [];
    for (const name of await saves.names()) {
      const save = await saves.read(name).catch(() => undefined);
      rows.push(
        save === undefined
          ? [name, "cannot be read"]
          : [name, ...saveFacts(save)],
      );
    }
    if (rows.length === 0) return this.#tellUser("Nothing is kept yet");
    this.#samplingSetting.write(formatTable(rows));
  }

  #forkChat(word: string): void {
    const wanted = Number(word) - 1;
    if (word === "") {
      const { conversation, past, partial } = this.#currentSave;
      const fork = { conversation: conversation.fork(), past, partial };
      this.#currentBranch = this.#branches.push(fork) - 1;
    } else if (this.#branches[wanted] !== undefined) {
      this.#currentBranch = wanted;
    } else {
      return this.#tellUser(`There is no branch ${word}`);
    }
    this.#tellUser(
      `Branch ${this.#currentBranch + 1} of ${this.#branches.length}`,
    );
  }

  #undoTurn(): void {
    const { conversation, past } = this.#currentSave;
    if (!conversation.undo()) return this.#tellUser("Nothing to take back");
    this.#changeSetting({ past: past.slice(0, -1) });
    this.#tellUser("Took the last turn back");
  }

  #changeSetting(part: Partial<Branch>): void {
    this.#branches[this.#currentBranch] = { ...this.#currentSave, ...part };
  }

  #tellUser(line: string): void {
    this.#samplingSetting.write(`${line}\n`);
  }
}

/** Age, turns and size of a save. */
function saveFacts({ written, past, bytes }: KeptSave): string[] {
  const turns = past.length === 0
    ? "? turns"
    : `${past.length} turn${past.length === 1 ? "" : "s"}`;
  return [timeAgo(written), turns, formatBytes(bytes)];
}

function about(save: KeptSave): string {
  return saveFacts(save).join(", ");
}
