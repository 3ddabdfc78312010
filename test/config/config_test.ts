import { assert, assertEquals, assertMatch, assertThrows } from "@std/assert";
import { parseCommand } from "../../src/config/command_line.ts";
import { readConfig } from "../../src/config/read_config.ts";
import {
  SERVER_FLAGS,
  SETTING_FLAGS,
  yesOrNo,
} from "../../src/config/flag_list.ts";
import { asksForHelp, helpText } from "../../src/config/help_text.ts";
import { describeMisspelt } from "../../src/config/misspelt_variables.ts";
import { SETTINGS } from "../../src/config/settings.ts";
import type { InitialFile } from "../../src/config/setting_parsers.ts";

function read(args: string[], env: Record<string, string> = {}) {
  return readConfig(parseCommand(args).flags, (name) => env[name]);
}

const KEY = "A".repeat(43);
const HASH = "0".repeat(64);

Deno.test("readConfig fills in every default", () => {
  const config = read([]);
  assertEquals(config.host, "127.0.0.1");
  assertEquals(config.port, 8000);
  assertEquals(config.device, "auto");
  assertEquals(config.portable, false);
  assertEquals(config["api-keys"], []);
  assertEquals(config["state-keys"], undefined);
});

Deno.test("readConfig lets a flag win over its variable", () => {
  const env = { GOSLING_PORT: "81", GOSLING_LANES: "3" };
  const config = read(["--port=80"], env);
  assertEquals([config.port, config.lanes], [80, 3]);
});

Deno.test("readConfig takes an empty variable for an absent one", () => {
  assertEquals(read([], { GOSLING_PORT: "" }).port, 8000);
});

Deno.test("readConfig reads lists of keys in their order", () => {
  const config = read([
    "--state-keys",
    `new:${KEY},old:${KEY}=`,
    "--api-keys",
    `me:${HASH.toUpperCase()}`,
  ]);
  assertEquals(config["state-keys"]?.map(({ kid }) => kid), ["new", "old"]);
  assertEquals(config["state-keys"]?.[0]?.secret.length, 32);
  assertEquals(config["api-keys"], [{ name: "me", digest: HASH }]);
});

Deno.test("readConfig reads what is chosen for all models, or for one by its name", () => {
  const config = read(
    ["--chat-form", "world", "--chat-form", "new=flower", "--bos", "new=no"],
    { GOSLING_BOS: "yes" },
  );
  assertEquals(config["chat-form"], [
    { value: "world" },
    { value: "flower", model: "new" },
  ]);
  assertEquals(config.bos, [{ value: false, model: "new" }]);
  assertEquals(read([], { GOSLING_BOS: "yes" }).bos, [{ value: true }]);
  for (
    const [flag, word, expected] of [
      ["--chat-form", "a=chatml", "expected world, g1, flower"],
      ["--bos", "a=perhaps", "expected yes or no"],
    ] as const
  ) assertThrows(() => read([flag, word]), Error, expected);
});

Deno.test("readConfig reads limits of JSON values", () => {
  assertEquals(read([])["json-limits"], {});
  assertEquals(read(["--json-limits", "digits=6"])["json-limits"], {
    digits: 6,
  });
  assertEquals(
    read(["--json-limits", "string=200, digits=6,items=9"])["json-limits"],
    {
      string: 200,
      digits: 6,
      items: 9,
    },
  );
  for (
    const bad of [
      "200",
      "items=0",
      "string=0",
      "digits=21",
      "string=1=2",
      "depth=3",
    ]
  ) {
    assertThrows(() => read(["--json-limits", bad]), Error, "string=N");
  }
});

Deno.test("readConfig reads rates, of everybody and of one key", () => {
  assertEquals(read([]).rate, {});
  assertEquals(read(["--rate", "60"]).rate, { requests: 60 });
  assertEquals(read(["--rate", "*/20000"]).rate, { tokens: 20_000 });
  const keys = `me:${HASH}:60/20000, you:${HASH}`;
  assertEquals(read([], { GOSLING_API_KEYS: keys })["api-keys"], [
    { name: "me", digest: HASH, rate: { requests: 60, tokens: 20_000 } },
    { name: "you", digest: HASH },
  ]);
});

Deno.test("readConfig reads the names by which it may be called", () => {
  const list = (text: string) =>
    read(["--trusted-hosts", text])["trusted-hosts"];
  assertEquals(read([])["trusted-hosts"], []);
  assertEquals(list("Chat.example, [::2]"), ["chat.example", "[::2]"]);
  assertEquals(list("*"), ["*"]);
});

Deno.test("readConfig reads the origins that may call", () => {
  const list = (text: string) => read(["--cors-origins", text])["cors-origins"];
  assertEquals(read([])["cors-origins"], ["*"]);
  assertEquals(list("none"), []);
  const both = ["https://a.example", "http://b.example:81"];
  assertEquals(list(both.join(", ")), both);
});

Deno.test("readConfig lets --portable stand alone or take a word", () => {
  assertEquals(read(["--portable"]).portable, true);
  assertEquals(read(["--portable", "--port", "1"]).portable, true);
  assertEquals(read(["--portable", "no"]).portable, false);
  assertEquals(read([], { GOSLING_PORTABLE: "yes" }).portable, true);
});

Deno.test("readConfig reads initial states, one a flag or several in a list", () => {
  const flags = ["--initial", "a=x/y.pth", "--initial=b=web-rwkv:C:/z.bin"];
  const files: InitialFile[] = [
    { name: "a", path: "x/y.pth" },
    { name: "b", path: "C:/z.bin", layout: "web-rwkv" },
    { name: "c", path: "C:/z.save" },
  ];
  assertEquals(read(flags).initial, files.slice(0, 2));
  const list = "a=x/y.pth, b=web-rwkv:C:/z.bin,c=C:/z.save";
  assertEquals(read([], { GOSLING_INITIAL: list }).initial, files);
  assertEquals(read([]).initial, []);
});

const WRONG: [args: string[], env: Record<string, string>, message: RegExp][] =
  [
    [["--port", "65536"], {}, /^Cannot read --port: expected 65535 or less$/],
    [["--port", "http"], {}, /--port: expected a whole number/],
    [[], { GOSLING_PORT: "-1" }, /GOSLING_PORT: expected a whole number/],
    [["--device", "cuda"], {}, /--device: expected auto, webgpu or wasm/],
    [["--quant", "int2"], {}, /--quant: expected none, int8 or int4/],
    [["--initial", "x"], {}, /--initial: entry 1 is not NAME=PATH$/],
    [["--initial", "a=b", "--initial", "a=c"], {}, /states have the same name/],
    [["--lanes", "0"], {}, /--lanes: expected 1 or more/],
    [
      ["--state-keys", "a"],
      {},
      /^Cannot read --state-keys: entry 1 .*openssl rand/,
    ],
    [
      [],
      { GOSLING_STATE_KEYS: `a:${KEY},b:AAAA` },
      /GOSLING_STATE_KEYS: the secret of b has 3 bytes, expected 32/,
    ],
    [["--state-keys", `a:${KEY},a:${KEY}`], {}, /two keys have the same name/],
    [["--api-keys", "me:secret"], {}, /--api-keys: entry 1 .*sha256sum/],
    [["--api-keys", `me:${HASH}:0`], {}, /--api-keys: entry 1 /],
    [["--rate", "many"], {}, /--rate: expected REQUESTS or REQUESTS\/TOKENS/],
    [
      ["--cors-origins", "https://a.example/"],
      {},
      /--cors-origins: entry 1 is not an origin/,
    ],
    [
      ["--trusted-hosts", "chat.example:80"],
      {},
      /--trusted-hosts: entry 1 is not a name/,
    ],
    [["--timeout", "0"], {}, /--timeout: expected 1 or more/],
    [["--state-audience", "a b"], {}, /--state-audience: expected letters/],
    [["--no-such"], {}, /Cannot read the command line: .*--no-such.*--help/],
    [["--port"], {}, /Cannot read the command line: .*--port/],
  ];

for (const [args, env, message] of WRONG) {
  const given = [...args, ...Object.entries(env).map((e) => e.join("="))];
  Deno.test(`readConfig refuses ${given.join(" ")} and names it`, () => {
    assertThrows(() => read(args, env), {
      name: "ConfigError",
      code: "ERR_CONFIG_INVALID",
      message,
    });
  });
}

const OWN = [{
  title: "Own",
  flags: {
    url: { placeholder: "URL", help: "A server" },
    "top-p": { placeholder: "N", help: "A share", number: true },
    chat: yesOrNo("Whether to chat"),
    model: SETTING_FLAGS.model,
  },
}];

Deno.test("parseCommand keeps a command's flags and words apart", () => {
  const { flags, words } = parseCommand(
    ["--url", "http://a", "Hello", "--model=a", "--model", "b", "--", "--x"],
    OWN,
  );
  assertEquals(flags, { url: "http://a", model: "a\nb" });
  assertEquals(words, ["Hello", "--x"]);
});

Deno.test("parseCommand takes a yes-or-no flag alone, and never the text after it", () => {
  const chat = (...args: string[]) => {
    const { flags, words } = parseCommand(args, OWN);
    return [flags.chat, ...words];
  };
  assertEquals(chat("--chat", "Hello"), ["yes", "Hello"]);
  assertEquals(chat("--chat", "no", "Hello"), ["no", "Hello"]);
  assertEquals(chat("--chat=no"), ["no"]);
});

for (
  const [args, message] of [
    [["--chat=maybe"], /^Cannot read --chat: expected yes or no$/],
    [["--top-p", "much"], /^Cannot read --top-p: expected a number$/],
    [["--modle", "x"], /no flag --modle; did you mean --model\? --help/],
    [["--mod", "x"], /did you mean --model\?/],
    [["--zzzzz"], /there is no flag --zzzzz\. --help/],
    [["-u", "x"], /there is no flag -u/],
    [["--port", "1"], /--port is a flag of deno task start alone/],
    [["--url"], /--url lacks its value, URL/],
    [["--url", "--chat"], /--url lacks its value, URL/],
  ] as const
) {
  Deno.test(`parseCommand refuses ${args.join(" ")}`, () => {
    assertThrows(() => parseCommand(args, OWN), { message });
  });
}

Deno.test("readConfig leaves settings that do not matter at their defaults", () => {
  const env = { GOSLING_PORT: "x", GOSLING_LANES: "3" };
  const config = readConfig(
    {},
    (name) => env[name as keyof typeof env],
    ["lanes"],
  );
  assertEquals([config.port, config.lanes], [8000, 3]);
});

Deno.test("the help of the server names every setting once, with its default", () => {
  const help = helpText({ about: "", usage: [], groups: SERVER_FLAGS });
  const flags = [...help.matchAll(/^ +--([\w-]+)/gm)].map(([, flag]) => flag);
  assertEquals(flags.toSorted(), Object.keys(SETTINGS).sort());
  assertEquals(
    Object.keys(SETTING_FLAGS).sort(),
    Object.keys(SETTINGS).sort(),
  );
  for (const { help } of Object.values(SETTING_FLAGS)) {
    if (!/^(A state or save|A file of lines)/.test(help)) {
      assertMatch(help, /\(.+\)$/);
    }
  }
});

Deno.test("helpText breaks lines at 80 characters", () => {
  const help = helpText({
    about: "word ".repeat(40).trim(),
    usage: ["deno task x"],
    groups: SERVER_FLAGS,
  });
  for (const line of help.split("\n")) assert(line.length <= 80, line);
});

Deno.test("asksForHelp does not look behind --", () => {
  assertEquals(asksForHelp(["-h"]), true);
  assertEquals(asksForHelp(["--", "--help"]), false);
});

Deno.test("variables that are almost settings are told of, and no others", () => {
  const told = describeMisspelt([
    ...["GOSLING_KEY_FILE", "GOSLING_STATE_KEY", "GOSLING_PROT"],
    // Settings, what other commands read, and other programs' own.
    ...["GOSLING_KEYS_FILE", "GOSLING_API_KEY", "GOSLING_MODELS", "PROT"],
    ...["GOSLING_OFFLINE", "GOSLING_EDITION"],
    // What Kubernetes sets for a Service called gosling.
    ...["GOSLING_SERVICE_HOST", "GOSLING_SERVICE_PORT"],
    ...["GOSLING_SERVICE_PORT_HTTP", "GOSLING_PORT", "GOSLING_PORT_80_TCP"],
    ...["GOSLING_PORT_80_TCP_PROTO", "GOSLING_PORT_80_TCP_ADDR"],
  ]);
  assertEquals(told, [
    "GOSLING_KEY_FILE is no setting and changes nothing; did you mean " +
    "GOSLING_KEYS_FILE?",
    "GOSLING_STATE_KEY is no setting and changes nothing; did you mean " +
    "GOSLING_STATE_KEYS?",
    "GOSLING_PROT is no setting and changes nothing; did you mean GOSLING_PORT?",
  ]);
});
