/**
 * A provider for Vercel's AI SDK whose conversations go on from their state. Each answer
 * has the state in its metadata, which the SDK sends back with the message; the server
 * then reads what follows. Where anything before was changed, or the server refuses the
 * state, all of the history is read.
 *
 * @module
 */

import { createOpenAICompatible } from "@ai-sdk/openai-compatible";

/** Makes a provider, with the settings of `createOpenAICompatible`. */
export function createGosling(settings = {}) {
  const provider = createOpenAICompatible({
    name: "gosling",
    baseURL: "http://localhost:8000/v1",
    includeUsage: true,
    supportsStructuredOutputs: true,
    ...settings,
  });
  const languageModel = (id = "gosling") => keepingState(provider(id));
  return Object.assign(languageModel, { ...provider, languageModel });
}

/** A model, with the state in what it answers. */
function keepingState(model) {
  const { specificationVersion, provider, modelId, supportedUrls } = model;
  return {
    ...{ specificationVersion, provider, modelId, supportedUrls },
    async doGenerate(options) {
      const call = (asked) => model.doGenerate(asked);
      const { result, key } = await goOn(call, options);
      const { content, response } = result;
      const mark = await markOf(response?.body?.state, key, content);
      const last = content.length - 1;
      return {
        ...result,
        content: content.map((part, i) => i === last ? mark(part) : part),
      };
    },
    async doStream(options) {
      const call = (asked) =>
        model.doStream({ ...asked, includeRawChunks: true });
      const { result, key } = await goOn(call, options);
      const content = [], ends = [];
      let state;
      const marking = new TransformStream({
        async transform(part, stream) {
          if (part.type === "raw") {
            state = part.rawValue?.state ?? state;
            if (!options.includeRawChunks) return;
          }
          if (part.type === "text-delta") {
            content.push({ type: "text", text: part.delta });
          }
          if (part.type === "tool-call") content.push(part);
          // The state comes after them, and belongs into the last.
          if (/^(text-end|tool-call)$/.test(part.type)) return ends.push(part);
          if (part.type === "finish") {
            const mark = await markOf(state, key, content);
            const last = ends.pop();
            ends.forEach((end) => stream.enqueue(end));
            if (last !== undefined) stream.enqueue(mark(last));
          }
          stream.enqueue(part);
        },
      });
      return { ...result, stream: result.stream.pipeThrough(marking) };
    },
  };
}

/** Asks from the newest state of the same history; the result, and the history's key. */
async function goOn(call, options) {
  const { prompt, tools = [], providerOptions } = options;
  const whole = { ...options, prompt: prompt.map(unmarked) };
  let asked = whole;
  let key = await keyOf("", tools);
  for (const [i, message] of prompt.entries()) {
    key = await keyOf(key, said(message));
    const mark = markIn(message);
    if (mark?.key !== key || i === prompt.length - 1) continue;
    const gosling = { state: mark.state, ...providerOptions?.gosling };
    asked = {
      ...options,
      prompt: whole.prompt.slice(i + 1),
      providerOptions: { ...providerOptions, gosling },
    };
  }
  try {
    return { result: await call(asked), key };
  } catch (error) {
    if (asked === whole || !/ERR_STATE_/.test(error?.responseBody)) throw error;
    return { result: await call(whole), key };
  }
}

/** Puts a state into a part of the answer, with the key of all that it has read. */
async function markOf(state, before, content) {
  if (state === undefined) return (part) => part;
  const key = await keyOf(before, said({ role: "assistant", content }));
  return (part) => ({
    ...part,
    providerMetadata: { ...part.providerMetadata, gosling: { state, key } },
  });
}

function markIn({ role, content }) {
  if (role !== "assistant") return undefined;
  return content.findLast((part) => part.providerOptions?.gosling?.state)
    ?.providerOptions.gosling;
}

function unmarked(message) {
  if (markIn(message) === undefined) return message;
  const content = message.content
    .map(({ providerOptions: _, ...part }) => part);
  return { ...message, content };
}

/** What a message says, the same when it is written and when it is sent back. */
function said({ role, content }) {
  if (role !== "assistant") return [role, content];
  const ofType = (name) => content.filter(({ type }) => type === name);
  return [
    ofType("text").map(({ text }) => text).join(""),
    ...ofType("tool-call").flatMap(({ toolName, input }) => [
      toolName,
      typeof input === "string" ? compact(input) : JSON.stringify(input),
    ]),
  ];
}

function compact(json) {
  try {
    return JSON.stringify(JSON.parse(json || "{}"));
  } catch {
    return json;
  }
}

/** The key of a history after one more message. */
async function keyOf(before, value) {
  const bytes = new TextEncoder().encode(before + JSON.stringify(value));
  const hash = new Uint8Array(await crypto.subtle.digest("SHA-256", bytes));
  return Array.from(hash, (byte) => byte.toString(16).padStart(2, "0")).join(
    "",
  );
}
