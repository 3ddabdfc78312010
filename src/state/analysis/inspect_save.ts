/**
 * What is in a save, for people. Needs no model and no device.
 *
 * @module
 */

import type { SaveFile } from "../save_format.ts";
import type { ChatPhase, CodecName, SaveNote } from "../save.ts";
import type { OpenedFile, Profile } from "../vault.ts";
import { transcriptLength } from "../transcript.ts";
import { largestOf, layersOf, norm } from "./layer_parts.ts";

/** What a save says, and how large its state is. */
export interface Inspection {
  /** Tokens read since blank. */
  readonly position: number;
  /** How the values are written. */
  readonly codec: CodecName;
  /** Bytes of the save file. */
  readonly bytes?: number;
  /** The model: SHA-256 in hex, layers, width, heads. */
  readonly model: {
    /** SHA-256, lower-case hex. */
    readonly fingerprint: string;
    /** Layers. */
    readonly L: number;
    /** Model width. */
    readonly D: number;
    /** Heads. */
    readonly H: number;
  };
  /** How the token was protected, by which key, and until when. */
  readonly seal?: SealInspection;
  /** Who wrote it. */
  readonly note: SaveNote;
  /** Tokens that the state has not read yet. */
  readonly unread: readonly number[];
  /** Where the chat template is. */
  readonly chat: ChatPhase;
  /** Hash chain over the tokens read, hex. */
  readonly chain: string;
  /** Seed of the draws, as one number in hex. */
  readonly seed: string;
  /** How many tokens have a penalty count. */
  readonly counts: number;
  /** Bytes of an unfinished character, hex. */
  readonly utf8: string;
  /** What it has of the text that it has read; omitted if there is none. */
  readonly transcript?: {
    /** Turns of speakers. */
    readonly turns: number;
    /** Bytes of the text. */
    readonly bytes: number;
  };
  /** Largest absolute value of the state. */
  readonly largest: number;
  /** Norms of each layer's parts. */
  readonly layers: readonly LayerNorms[];
}

/** How a token is protected. */
export interface SealInspection {
  /** How. */
  readonly profile: Profile;
  /** Name of the key. */
  readonly kid?: string;
  /** When it was sealed, RFC 3339. */
  readonly issued?: string;
  /** When the first was sealed of which it is a renewal, RFC 3339. */
  readonly firstIssued?: string;
  /** How many renewals lie between. */
  readonly renewals?: number;
  /** When it stops to open, RFC 3339. */
  readonly expires?: string;
  /** False: no token made of it outlives it. */
  readonly renewable?: false;
  /** What its owner calls the secret that it needs. */
  readonly owner?: string;
}

/** Euclidean norms of a layer. */
export interface LayerNorms {
  /** Attention shift. */
  readonly attShift: number;
  /** All recurrent matrices. */
  readonly wkv: number;
  /** Each recurrent matrix. */
  readonly heads: readonly number[];
  /** Feed-forward shift. */
  readonly ffnShift: number;
}

/** Describes a save, and its token if it came in one. */
export function inspectSave(file: SaveFile | OpenedFile): Inspection {
  const { save, format, codec, note } = file;
  const { L, D } = format.shape;
  const layers = layersOf(save.values, { L, D });
  const [low, high] = save.seed;
  return {
    position: save.position,
    codec,
    ..."bytes" in file && { bytes: file.bytes },
    model: {
      fingerprint: format.fingerprint.toHex(),
      L,
      D,
      H: layers[0].heads.length,
    },
    ..."profile" in file && { seal: inspectSeal(file) },
    note,
    unread: save.unread,
    chat: save.chat,
    chain: save.chain.toHex(),
    seed: (BigInt(high) << 32n | BigInt(low)).toString(16).padStart(16, "0"),
    counts: save.counts.size,
    utf8: save.utf8.toHex(),
    ...save.transcript && {
      transcript: {
        turns: save.transcript.turns.length,
        bytes: transcriptLength(save.transcript, save.unread),
      },
    },
    largest: largestOf(save.values),
    layers: layers.map(({ attShift, heads, ffnShift }) => {
      const norms = heads.map(norm);
      return {
        attShift: norm(attShift),
        wkv: Math.hypot(...norms),
        heads: norms,
        ffnShift: norm(ffnShift),
      };
    }),
  };
}

/** Describes how a token is protected. */
export function inspectSeal(
  file: OpenedFile,
): SealInspection {
  const { profile, kid, issuedAt, firstIssuedAt, expiresAt } = file;
  const { renewals, renewable, owner } = file;
  const date = (seconds: number) => new Date(seconds * 1000).toISOString();
  return {
    profile,
    ...kid !== undefined && { kid },
    ...issuedAt !== undefined && { issued: date(issuedAt) },
    ...firstIssuedAt !== undefined && firstIssuedAt !== issuedAt &&
      { firstIssued: date(firstIssuedAt) },
    ...renewals !== undefined && { renewals },
    ...renewable !== undefined && { renewable },
    ...owner !== undefined && { owner },
    ...expiresAt !== undefined && { expires: date(expiresAt) },
  };
}
