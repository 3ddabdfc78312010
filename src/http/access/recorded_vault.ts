/**
 * The key ring as one request sees it: what is opened and sealed is noted in the
 * request's record. Routes know nothing of it.
 *
 * @module
 */

import type { RequestRecord } from "../../observe/request_record.ts";
import type { CodecName } from "../../state/save.ts";
import type { Sealer } from "../services.ts";

/** Notes in `record` what `vault` opens and seals. */
export function instrument(vault: Sealer, record: RequestRecord): Sealer {
  const opening = async <T>(
    token: string | Uint8Array,
    open: (seen: (codec: CodecName) => void) => Promise<T>,
  ) => {
    const from = performance.now();
    let codec: CodecName | undefined;
    try {
      return await open((seen) => codec = seen);
    } finally {
      record.ended("open", from, codec && { codec, bytes: token.length });
    }
  };
  const sealing = async <T extends { bytes: number; codec: CodecName }>(
    seal: () => Promise<T>,
  ) => {
    const from = performance.now();
    const sealed = await seal();
    const { bytes, codec } = sealed;
    record.ended("seal", from, { bytes, codec });
    return sealed;
  };
  return {
    open: (token, options) =>
      opening(token, (seen) => vault.open(token, { ...options, seen })),
    read: (token, options) =>
      opening(token, async (seen) => {
        const file = await vault.read(token, options);
        seen(file.codec);
        return file;
      }),
    seal: (save, options) => sealing(() => vault.seal(save, options)),
    sealBytes: (save, options) => sealing(() => vault.sealBytes(save, options)),
  };
}
