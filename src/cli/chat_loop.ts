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
  /** The save that it is kept in. */
  readonly name?: string;
}

class Chat {
  readonly #setting: ChatSetting;
  readonly #branches: Branch[];
  #current = 0;
  /** What a yes to the question just asked does. */
  #asked: (() => Promise<void>) | undefined;

  constructor(setting: ChatSetting) {
    this.#setting = setting;
    this.#branches = [{ conversation: setting.begin(), past: [] }];
  }

  async take(line: string): Promise<void> {
    const asked = this.#asked;
    this.#asked = undefined;
    if (asked !== undefined && /^y(es)?$/i.test(line)) return await asked();
    if (asked !== undefined && /^(no?)?$/i.test(line)) {
      return this.#tell("Nothing was saved");
    }
    if (line === "") return;
    if (!line.startsWith("/")) return await this.#say(line);
    const [command = "", word = ""] = line.split(/\s+/);
    switch (command) {
      case "/save":
        return await this.#save(word);
      case "/load":
        return await this.#load(word);
      case "/saves":
        return await this.#list();
      case "/fork":
        return this.#fork(word);
      case "/undo":
        return this.#undo();
      case "/help":
        return this.#setting.write(CHAT_COMMANDS);
      default:
        return this.#tell(`There is no ${command}; /help lists what there is`);
    }
  }

  /** What to tell a person of an error that leaves the chat alive. */
  explain(error: unknown): string {
    if (error instanceof ApiError) {
      const { explain } = this.#setting;
      const { save } = this.#here.conversation;
      return explain?.(error, save) ?? error.message;
    }
    if (error instanceof GoslingError) return error.message;
    if (error instanceof DOMException && error.name === "AbortError") {
      return "Interrupted: the turn is taken back";
    }
    throw error;
  }

  get #here(): Branch {
    const here = this.#branches[this.#current];
    if (here === undefined) throw new RangeError("No such branch");
    return here;
  }

  async #say(line: string): Promise<void> {
    const { write, interrupt } = this.#setting;
    const { conversation, past } = this.#here;
    let answer = "";
    try {
      for await (const piece of conversation.say(line, interrupt())) {
        answer += piece;
        write(piece);
      }
      this.#change({ past: [...past, { user: line, answer }] });
    } finally {
      write("\n");
    }
  }

  async #save(name: string): Promise<void> {
    const { conversation: { save }, past, name: own } = this.#here;
    if (save === undefined) return this.#tell("Nothing has been said yet");
    const write = async () => {
      await this.#setting.saves.write(name, save, { past });
      this.#change({ name });
      this.#tell(`Saved ${name} (${save.length} bytes)`);
    };
    const there = await this.#setting.saves.read(name);
    // A conversation may be kept again where it was kept before.
    if (there === undefined || name === own) return await write();
    this.#asked = write;
    this.#tell(
      `There is a save ${name} already (${about(there)}). Write over it? [y/N]`,
    );
  }

  async #load(name: string): Promise<void> {
    const { saves, begin } = this.#setting;
    const save = await saves.read(name);
    if (save === undefined) return this.#tell(`There is no save ${name}`);
    const { state, past } = save;
    this.#branches[this.#current] = { conversation: begin(state), past, name };
    const last = past.at(-1);
    this.#tell(
      `Loaded ${name}` +
        (last === undefined
          ? ""
          : `, which ends:\n  ${last.user}\n  ${last.answer.trim()}`),
    );
  }

  async #list(): Promise<void> {
    const { saves } = this.#setting;
    const rows: string[][] = [];
    for (const name of await saves.names()) {
      const save = await saves.read(name).catch(() => undefined);
      rows.push(
        save === undefined
          ? [name, "cannot be read"]
          : [name, ...saveFacts(save)],
      );
    }
    if (rows.length === 0) return this.#tell("Nothing is kept yet");
    this.#setting.write(formatTable(rows));
  }

  #fork(word: string): void {
    const wanted = Number(word) - 1;
    if (word === "") {
      const { conversation, past } = this.#here;
      const fork = { conversation: conversation.fork(), past };
      this.#current = this.#branches.push(fork) - 1;
    } else if (this.#branches[wanted] !== undefined) {
      this.#current = wanted;
    } else {
      return this.#tell(`There is no branch ${word}`);
    }
    this.#tell(`Branch ${this.#current + 1} of ${this.#branches.length}`);
  }

  #undo(): void {
    const { conversation, past } = this.#here;
    if (!conversation.undo()) return this.#tell("Nothing to take back");
    this.#change({ past: past.slice(0, -1) });
    this.#tell("Took the last turn back");
  }

  #change(part: Partial<Branch>): void {
    this.#branches[this.#current] = { ...this.#here, ...part };
  }

  #tell(line: string): void {
    this.#setting.write(`${line}\n`);
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
