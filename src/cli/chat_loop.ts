/**
 * A chat, line by line: what is typed is said, and words that begin with a slash
 * are commands.
 *
 * @module
 */

import { ApiError } from "../client/client.ts";
import type { Conversation } from "../client/conversation.ts";
import { GoslingError } from "../errors.ts";
import type { SaveFolder } from "./saves.ts";

/** What a chat needs of its surroundings. */
export interface ChatSetting {
  /** A conversation from a save, or from nothing. */
  readonly begin: (save?: string) => Conversation;
  readonly saves: SaveFolder;
  /** Writes to the terminal. */
  readonly write: (text: string) => void;
  /** Gives a signal that ends the turn about to begin. */
  readonly interrupt: () => AbortSignal;
}

const HELP = `/save NAME  keep the conversation as it is now
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
      setting.write(`${explain(error)}\n`);
    }
    setting.write("> ");
  }
}

class Chat {
  readonly #setting: ChatSetting;
  readonly #branches: Conversation[];
  #current = 0;

  constructor(setting: ChatSetting) {
    this.#setting = setting;
    this.#branches = [setting.begin()];
  }

  async take(line: string): Promise<void> {
    const [command = "", word = ""] = line.split(/\s+/);
    if (line === "") return;
    if (!line.startsWith("/")) return await this.#say(line);
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
        return this.#tell(
          this.#here.undo()
            ? "Took the last turn back"
            : "Nothing to take back",
        );
      case "/help":
        return this.#setting.write(HELP);
      default:
        return this.#tell(`There is no ${command}; /help lists what there is`);
    }
  }

  get #here(): Conversation {
    const here = this.#branches[this.#current];
    if (here === undefined) throw new RangeError("No such branch");
    return here;
  }

  async #say(line: string): Promise<void> {
    const { write, interrupt } = this.#setting;
    try {
      for await (const piece of this.#here.say(line, interrupt())) write(piece);
    } finally {
      write("\n");
    }
  }

  async #save(name: string): Promise<void> {
    const { save } = this.#here;
    if (save === undefined) return this.#tell("Nothing has been said yet");
    await this.#setting.saves.write(name, save);
    this.#tell(`Saved ${name} (${save.length} bytes)`);
  }

  async #load(name: string): Promise<void> {
    const { saves, begin } = this.#setting;
    const save = await saves.read(name);
    if (save === undefined) return this.#tell(`There is no save ${name}`);
    this.#branches[this.#current] = begin(save);
    this.#tell(`Loaded ${name}`);
  }

  async #list(): Promise<void> {
    const names = await this.#setting.saves.names();
    this.#tell(names.length === 0 ? "Nothing is kept yet" : names.join("\n"));
  }

  #fork(word: string): void {
    const wanted = Number(word) - 1;
    if (word === "") {
      this.#current = this.#branches.push(this.#here.fork()) - 1;
    } else if (this.#branches[wanted] !== undefined) {
      this.#current = wanted;
    } else {
      return this.#tell(`There is no branch ${word}`);
    }
    this.#tell(`Branch ${this.#current + 1} of ${this.#branches.length}`);
  }

  #tell(line: string): void {
    this.#setting.write(`${line}\n`);
  }
}

/** What to tell a person of an error that leaves the chat alive. */
function explain(error: unknown): string {
  if (error instanceof ApiError || error instanceof GoslingError) {
    return error.message;
  }
  if (error instanceof DOMException && error.name === "AbortError") {
    return "Interrupted: the turn is taken back";
  }
  throw error;
}
