/** A story with save slots: ?server=… names the server, else it is on this machine. */
const server = new URL(location).searchParams.get("server") ??
  "http://localhost:8000";
const { Client, Conversation } = await import(`${server}/client.js`);

// The whole game, all branches and slots of it, is one record.
const kept = localStorage.getItem("story");
const client = new Client(server);
const options = { temperature: 1, top_p: 0.3, max_tokens: 300 };
const story = kept === null
  ? new Conversation(client, options)
  : Conversation.from(client, JSON.parse(kept), options);
const [main, form, nav] = document.querySelectorAll("main, form, nav");

function line(className, textContent) {
  const made = document.createElement("p");
  return main.appendChild(Object.assign(made, { className, textContent }));
}

function button(textContent, work, disabled = false) {
  const made = document.createElement("button");
  const onclick = () => (work(), draw());
  nav.append(Object.assign(made, { textContent, onclick, disabled }));
}

function draw() {
  main.replaceChildren();
  for (const { messages: [{ content }], answer } of story.path) {
    line("said", content);
    line("told", answer);
  }
  nav.replaceChildren();
  for (const slot of ["1", "2", "3"]) {
    const empty = !story.slots.includes(slot);
    button(`Save ${slot}`, () => story.keep(slot));
    button(`Load ${slot}`, () => story.load(slot), empty);
  }
  localStorage.setItem("story", JSON.stringify(story.record({ slim: true })));
}

form.onsubmit = async (event) => {
  event.preventDefault();
  const words = form.words.value.trim();
  form.words.value = "";
  line("said", words);
  const told = line("told", "");
  try {
    for await (const piece of story.say(words)) told.textContent += piece;
    draw();
  } catch ({ message }) {
    told.textContent = message;
  }
};
form.undo.onclick = () => (story.undo(), draw());
draw();
