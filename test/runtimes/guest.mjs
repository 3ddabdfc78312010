/**
 * A program that uses the package: one turn a line of standard input, its answer a
 * line of standard output. Runs in Node.js, Bun and Deno as it is.
 *
 * @module
 */

import { readFile } from "node:fs/promises";
import process from "node:process";
import { createInterface } from "node:readline";
import { Buffer } from "node:buffer";

const [engine, weights, vocabulary, config] = process.argv.slice(2);
const { open } = await import(engine);
const model = await open({
  name: "gosling",
  weights: await readFile(weights),
  vocabulary: await readFile(vocabulary),
  settings: { "tokenizer_config.json": await readFile(config, "utf8") },
  device: "wasm",
});

for await (const line of createInterface({ input: process.stdin })) {
  const { say, save, codec } = JSON.parse(line);
  let answer;
  try {
    const turn = model.turn([{ role: "user", content: say }], {
      temperature: 0,
      seed: 1,
      codec,
      ...(save && { save: Uint8Array.from(Buffer.from(save, "base64")) }),
    });
    let pieces = "";
    for await (const piece of turn) pieces += piece;
    const { text, finish, save: left } = await turn.result;
    answer = {
      text,
      pieces,
      finish,
      save: Buffer.from(left).toString("base64"),
      device: model.device.name,
    };
  } catch (error) {
    answer = { code: error.code, message: error.message };
  }
  process.stdout.write(`${JSON.stringify(answer)}\n`);
}
await model.close();
