/**
 * `deno task model`: fetches models, and says what is there.
 *
 * @module
 */

import { join } from "@std/path";
import {
  commandNamed,
  type Flags,
  parseCommand,
} from "../config/command_line.ts";
import { readConfig } from "../config/read_config.ts";
import { settingGroup, yesOrNo } from "../config/flag_list.ts";
import {
  asksForHelp,
  type CommandHelp,
  helpText,
} from "../config/help_text.ts";
import { ConfigError, ModelError } from "../errors.ts";
import { parameters } from "../model/checkpoint.ts";
import { OFFICIAL_SIZES } from "../hub/official_models.ts";
import { parseReference } from "../hub/model_reference.ts";
import { NETWORK } from "../hub/fetch_retry.ts";
import { bytesOf, openFiles } from "../hub/model_files.ts";
import { ModelCache } from "../hub/model_cache.ts";
import { modelsFolder } from "../hub/models_folder.ts";
import { downloadBar } from "../hub/download_bar.ts";
import { formatBytes, formatCount, formatTable } from "../text/format_units.ts";
import { describe, readShape } from "../hub/inspect_model.ts";
import { digestOf } from "../hub/part_file.ts";
import { pull } from "../hub/pull_model.ts";
import { EMBEDDED, resolveModel, SPARE_LANES } from "../hub/resolve_model.ts";
import { command, note, startWhereTyped, write } from "../terminal.ts";

const MODEL_HELP: CommandHelp = {
  about: "Fetches, lists and inspects models.",
  usage: [
    `deno task model pull SIZE            an official one: ${
      OFFICIAL_SIZES.join(", ")
    }`,
    "deno task model pull hf:OWNER/REPOSITORY[@REVISION][/FILE]",
    "deno task model pull URL",
    "deno task model list",
    "deno task model inspect NAME|PATH",
    "deno task model verify NAME",
    "deno task model rm NAME",
  ],
  groups: [
    {
      title: "pull",
      flags: {
        as: {
          placeholder: "NAME",
          help: "Name of the model (the name of its file)",
        },
        sha256: {
          placeholder: "HEX",
          help: "Expected SHA-256 of the weights",
        },
        vocab: {
          placeholder: "URL",
          help: "Address of the World vocabulary (on GitHub)",
        },
        offline: yesOrNo("Fetch nothing; GOSLING_OFFLINE is the same (no)"),
      },
    },
    {
      title: "inspect",
      flags: {
        ...settingGroup("", ["lanes", "threads", "chat-form", "bos"]).flags,
      },
    },
  ],
  notes: [
    "Models are kept in GOSLING_MODELS. HF_ENDPOINT names a mirror of Hugging " +
    "Face, HF_TOKEN opens private and gated repositories. A pull that was cut " +
    "off is resumed.",
  ],
};

/** What a command works with. */
interface Desk {
  readonly cache: ModelCache;
  readonly flags: Flags;
  readonly words: readonly string[];
}

const COMMANDS: Readonly<Record<string, (desk: Desk) => Promise<void>>> = {
  async pull({ cache, flags, words }) {
    const text = modelWord(words, "what to pull");
    const reference = parseReference(text);
    const { as, sha256, vocab } = flags;
    if (offline(flags)) {
      const held = (await cache.list()).find(({ manifest }) =>
        manifest?.source === text
      );
      const { id } = held ?? await cache.find(as ?? text).catch(notHere(text));
      return write(`${id} is there\n`);
    }
    if (sha256 !== undefined && !/^[\da-f]{64}$/i.test(sha256)) {
      throw invalidModelCommand(
        "Cannot read --sha256: it is not 64 hexadecimal digits",
      );
    }
    const token = Deno.env.get("HF_TOKEN");
    const id = await pull(cache, reference, {
      hub: {
        endpoint: mirrorAddress(
          "HF_ENDPOINT",
          Deno.env.get("HF_ENDPOINT") || "https://huggingface.co",
        ),
        ...(token && { token }),
      },
      transport: NETWORK,
      note,
      bar: downloadBar,
      ...(as !== undefined && { as }),
      ...(sha256 !== undefined && { sha256 }),
      ...(vocab !== undefined &&
        { vocabulary: mirrorAddress("--vocab", vocab) }),
    });
    await using files = await openFiles(cache.pathOf(id));
    const { shape } = await readShape(files);
    write(
      `${id} is there, ${formatCount(parameters(shape))} parameters. ` +
        `deno task start --model ${id} serves it\n`,
    );
  },
  async list({ cache }) {
    const rows = (await cache.list()).map(({ id, manifest }) => [
      id,
      manifest
        ? formatBytes(manifest.files.reduce((sum, { size }) => sum + size, 0))
        : "not whole",
      manifest?.source ?? "",
    ]);
    await using embedded = await openFiles(EMBEDDED);
    const own = [
      embedded.id,
      formatBytes(bytesOf(embedded)),
      "comes with the program",
    ];
    write(formatTable([own, ...rows]));
  },
  async inspect({ flags, words }) {
    const env = (name: string) => Deno.env.get(name);
    const config = readConfig(flags, env, [
      ...["lanes", "threads", "vocab", "chat-form", "bos"] as const,
    ]);
    const path = await resolveModel(modelWord(words, "a model"), env);
    await using files = await openFiles(path, config.vocab[0]?.value);
    write(
      await describe(files, {
        lanes: config.lanes,
        spare: SPARE_LANES,
        threads: config.threads,
        form: config["chat-form"][0]?.value,
        bos: config.bos[0]?.value,
      }),
    );
  },
  async verify({ cache, words }) {
    const { id, path, manifest } = await cache.find(
      modelWord(words, "a model"),
    );
    for (const { name, size, sha256, checked } of manifest.files) {
      const file = join(path, name);
      using bar = await downloadBar(name);
      const found = await digestOf(file, (done) => bar.update(done, size))
        .catch((cause) => {
          throw new ModelError(
            "ERR_MODEL_CORRUPT",
            `Cannot trust ${id}: ${file} cannot be read; remove it and pull ` +
              "it again",
            { cause },
          );
        });
      if (found.sha256 !== sha256) {
        throw new ModelError(
          "ERR_MODEL_CHECKSUM",
          `Cannot trust ${id}: ${file} has SHA-256 ${found.sha256}, not ` +
            `${sha256}; remove it and pull it again`,
        );
      }
      const by = checked ? "as published" : "as it came; none was published";
      write(`${sha256}  ${name}  ${by}\n`);
    }
  },
  async rm({ cache, words }) {
    const id = modelWord(words, "a model");
    await cache.remove(id);
    write(`Removed ${id}\n`);
  },
};

if (import.meta.main) await command(() => runModelCommand(Deno.args));

async function runModelCommand(args: readonly string[]): Promise<void> {
  if (asksForHelp(args)) return write(helpText(MODEL_HELP));
  startWhereTyped();
  const { flags, words: [name = "", ...words] } = parseCommand(
    args,
    MODEL_HELP.groups,
  );
  const run = commandNamed(COMMANDS, name, "command");
  const cache = new ModelCache(modelsFolder((name) => Deno.env.get(name)));
  await run({ cache, flags, words });
}

function offline(flags: Desk["flags"]): boolean {
  const value = flags.offline ?? Deno.env.get("GOSLING_OFFLINE") ?? "";
  return !["", "0", "no", "false"].includes(value.toLowerCase());
}

function mirrorAddress(name: string, text: string): URL {
  if (/^https?:\/\//i.test(text) && URL.canParse(text)) return new URL(text);
  throw invalidModelCommand(
    `Cannot read ${name}: ${JSON.stringify(text)} is not a URL`,
  );
}

function modelWord([found]: readonly string[], what: string): string {
  if (found === undefined) {
    throw invalidModelCommand(`Cannot go on: ${what} is missing`);
  }
  return found;
}

/** Says that a model that is missing could be fetched, were it allowed. */
function notHere(text: string): (cause: unknown) => never {
  return (cause) => {
    if (!(cause instanceof ModelError)) throw cause;
    throw new ModelError(
      "ERR_MODEL_OFFLINE",
      `Cannot pull ${text}: it is not here, and --offline or GOSLING_OFFLINE ` +
        "lets nothing be fetched",
      { cause },
    );
  };
}

function invalidModelCommand(message: string): ConfigError {
  return new ConfigError("ERR_CONFIG_INVALID", `${message}. --help tells more`);
}
