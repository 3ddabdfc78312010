/**
 * A village whose people remember whoever speaks to them: one save each, a file of
 * the same size for ever. Node.js 20, Deno or Bun, with `@gosling/client` or, as
 * here, the server's own `/client.js`.
 *
 *     node village.js http://localhost:8000 saves/ Ada "My name is Dave."
 *
 * @module
 */

import { mkdir, readdir, readFile, stat, writeFile } from "node:fs/promises";

const [server, folder, name, words] = globalThis.process.argv.slice(2);
const module = await (await fetch(`${server}/client.js`)).text();
const { Client, Conversation, saveBytes } = await import(
  `data:text/javascript,${encodeURIComponent(module)}`
);

const file = `${folder}/${name}.save`;
await mkdir(folder, { recursive: true });
const save = await readFile(file).catch(() => undefined);

const npc = new Conversation(new Client(server), { temperature: 0 }, save);
const { answer } = await npc.ask(words);
await writeFile(file, saveBytes(npc.save));

const files = await readdir(folder);
const sizes = await Promise.all(
  files.map(async (file) => (await stat(`${folder}/${file}`)).size),
);
const all = sizes.reduce((sum, size) => sum + size, 0);
const each = Math.round(all / files.length / 1000);
globalThis.process.stdout.write(
  `${name}: ${answer}\n${files.length} people, ${each} kB each\n`,
);
