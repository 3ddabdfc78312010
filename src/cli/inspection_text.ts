/**
 * What a save says, in a few lines for people.
 *
 * @module
 */

import type { SaveFileContent } from "../client/save_file.ts";
import type { Diff } from "../state/analysis/state_diff.ts";
import type { Inspection } from "../state/analysis/inspect_save.ts";
import { formatBytes, formatCount } from "../text/format_units.ts";
import { timeAgo } from "./time_ago.ts";

/** Characters of the last exchange that are shown. */
const SHOWN_CHARACTERS = 60;

/** A save in a few lines. */
export function inspectionText(
  { turn, past, state }: SaveFileContent,
  found: Inspection,
): string {
  const { position, codec, model, seal, note, unread, chat, largest } = found;
  const { layers, transcript } = found;
  const last = past.at(-1);
  const named = turn.model === undefined ? "" : `${turn.model}, `;
  const rows: (readonly [string, string])[] = [
    [
      "text",
      `${formatCount(position)} tokens read, ${unread.length} unread; ${
        chat.open
          ? chat.thinking ? "amid a thought" : "amid an answer"
          : "the user speaks next"
      }`,
    ],
    ["size", `${formatBytes(state.length)}, codec ${codec}`],
    ["seal", sealText(seal)],
    ...transcript === undefined ? [] : [
      [
        "words",
        `${transcript.turns} turns, ${formatBytes(transcript.bytes)} of text`,
      ] as const,
    ],
    [
      "model",
      `${named}${model.L} layers of width ${model.D}, weights ${
        model.fingerprint.slice(0, 16)
      }…`,
    ],
    [
      "made",
      `${issuedText(turn.at, seal?.issued)} by ${note.engine}, ${note.device}`,
    ],
    [
      "values",
      `largest ${largest.toPrecision(3)}; norm of the matrices ${
        layers.map(({ wkv }) => Number(wkv.toPrecision(2))).join(" ")
      }`,
    ],
    ...last === undefined ? [] : [
      ["ends", `${brief(last.user)}\n         ${brief(last.answer)}`] as const,
    ],
  ];
  return rows.map(([name, words]) => `${name.padEnd(8)} ${words}\n`).join("");
}

/** How far two saves are apart, in a few lines. */
export function diffText({ equal, sameText, positions, total }: Diff): string {
  const more = positions === 0
    ? "as many tokens"
    : `${Math.abs(positions)} tokens ${positions > 0 ? "more" : "fewer"}`;
  return `values   ${
    equal ? "equal" : `${(100 * total.relative).toPrecision(3)} % apart, ` +
      `cosine ${total.cosine.toPrecision(4)}`
  }\ntext     ${
    sameText ? "the same" : "another"
  }; the second has read ${more}\n`;
}

function sealText(seal: Inspection["seal"]): string {
  if (seal?.profile !== "sealed") return "none: everybody can read it";
  const locked = seal.owner === undefined ? "" : ", locked by its owner";
  const until = seal.expires === undefined
    ? "never expires"
    : `expires ${seal.expires}`;
  return `key ${seal.kid}, ${until}${locked}`;
}

function issuedText(
  at: number | undefined,
  issued: string | undefined,
): string {
  const then = at ?? (issued === undefined ? undefined : Date.parse(issued));
  return then === undefined ? "some time ago" : timeAgo(then);
}

function brief(text: string): string {
  const line = text.trim().replace(/\s+/g, " ");
  return line.length > SHOWN_CHARACTERS
    ? `${line.slice(0, SHOWN_CHARACTERS)}…`
    : line;
}
