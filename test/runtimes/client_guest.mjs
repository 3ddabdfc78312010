/**
 * A program that talks to a server through the published client, and tells what it
 * heard as one line of JSON. Arguments: the client's module, the server's address.
 *
 * @module
 */

const [module, url] = globalThis.process.argv.slice(2);
const { Client, Conversation, saveBytes, saveText } = await import(module);

const client = new Client(url);
const options = { temperature: 0, model: "gosling" };
const chat = new Conversation(client, options);
await chat.ask("My name is Dave.");
chat.keep("told");
const fork = chat.fork();
await fork.ask("My name is Ann.");

const back = Conversation.from(
  client,
  JSON.parse(JSON.stringify(chat)),
  options,
);
back.load("told");
let pieces = "";
for await (const piece of back.say("What is my name?")) pieces += piece;

const bytes = saveBytes(fork.save);
const { answer, save } = await client.generateBytes({
  ...options,
  messages: [{ role: "user", content: "What is my name?" }],
  state: bytes,
});
const refused = await client.generate({ prompt: "", state: "no save" })
  .catch(({ status, code }) => ({ status, code }));

globalThis.process.stdout.write(JSON.stringify({
  dave: pieces,
  same: pieces === back.turn.answer && back.turn.finish === "stop",
  ann: answer.text,
  whole: saveText(bytes) === fork.save && save.length > 0,
  refused,
}));
