/**
 * What a turn costs after a long past: the time from a sealed save and 21 new
 * tokens to the first token of the answer, and what closes the turn.
 *
 * @module
 */

import type { Device, DeviceKind } from "../src/device/device.ts";
import type { Checkpoint } from "../src/model/checkpoint.ts";
import { randomKey } from "../src/state/state_keys.ts";
import { Vault } from "../src/state/vault.ts";
import { GREEDY } from "../src/text/sampling_options.ts";
import { median } from "./speed.ts";

/** Medians, milliseconds. */
export interface TurnRow {
  /** The model. */
  readonly model: string;
  /** Where it ran. */
  readonly device: DeviceKind;
  /** Tokens read before this turn. */
  readonly history: number;
  /** Decrypting and decoding the save. */
  readonly openMs: number;
  /** Writing the state to a lane. */
  readonly uploadMs: number;
  /** Reading 21 tokens and drawing one. */
  readonly prefillMs: number;
  /** Reading the state back. */
  readonly downloadMs: number;
  /** Encoding and encrypting the save. */
  readonly sealMs: number;
  /** Open, upload and prefill: time to the first token. */
  readonly firstTokenMs: number;
  /** Bytes of the save, sealed, binary. */
  readonly saveBytes: number;
}

/** New tokens of a turn: about fifteen words. */
const NEW = 21;

/** Turns measured at each length of history, after one as warm-up. */
const RUNS = 9;

/**
 * Reads a history for real, in steps, and measures a turn at each of `lengths`.
 *
 * @param lengths Tokens of history, ascending.
 */
export async function measureTurns(
  device: Device,
  { model: name, checkpoint, lengths, progress }: {
    readonly model: string;
    readonly checkpoint: Checkpoint;
    readonly lengths: readonly number[];
    readonly progress?: (read: number) => void;
  },
): Promise<TurnRow[]> {
  const model = await device.load(checkpoint, {
    lanes: 2,
    quantization: "int8",
  });
  const { V } = checkpoint.shape;
  const token = (i: number) => 1 + (i * 7919) % (V - 1);
  const vault = await Vault.create({
    keys: [randomKey()],
    format: { fingerprint: new Uint8Array(32), shape: checkpoint.shape },
    audience: "bench",
    portable: false,
    note: { engine: "bench", device: device.name },
  });
  const tenant = "bench";
  const rows: TurnRow[] = [];
  let position = 0;
  for (const history of lengths) {
    while (position < history) {
      const length = Math.min(1024, history - position);
      const tokens = Array.from({ length }, (_, i) => token(position + i));
      await model.step([{ lane: 0, tokens, draw: 0 }]);
      position += length;
      progress?.(position);
    }
    const values = await model.read(0);
    const { token: sealed } = await vault.sealBytes({
      values,
      position,
      unread: [token(position)],
      seed: [0, 0],
      counts: new Map(),
      utf8: new Uint8Array(),
      chat: { open: false, thinking: false },
      chain: new Uint8Array(32),
    }, { codec: "int8", profile: "sealed", tenant });

    const marks: number[][] = [];
    for (let run = 0; run <= RUNS; run++) {
      const clock = [performance.now()];
      const lap = () => clock.push(performance.now());
      const save = await vault.open(sealed, { tenant });
      lap();
      await model.write(1, save.values);
      lap();
      const tokens = [
        ...save.unread,
        ...Array.from({ length: NEW - 1 }, (_, i) => token(i)),
      ];
      const sampling = { ...GREEDY, position: save.position };
      await model.step([{ lane: 1, tokens, draw: 1, sampling }]);
      lap();
      const after = await model.read(1);
      lap();
      await vault.sealBytes(
        { ...save, values: after, position: save.position + NEW },
        { codec: "int8", profile: "sealed", tenant },
      );
      lap();
      if (run > 0) marks.push(clock.slice(1).map((t, i) => t - clock[i]));
    }
    const [openMs, uploadMs, prefillMs, downloadMs, sealMs] = [0, 1, 2, 3, 4]
      .map((part) => median(marks.map((laps) => laps[part])));
    rows.push({
      model: name,
      device: device.kind,
      history,
      openMs,
      uploadMs,
      prefillMs,
      downloadMs,
      sealMs,
      firstTokenMs: median(marks.map(([a, b, c]) => a + b + c)),
      saveBytes: sealed.length,
    });
  }
  await model.dispose();
  return rows;
}
