/**
 * Editing the memory of a save: what to do, and what was achieved.
 *
 * @module
 */

import type { ComponentChild } from "preact";
import { useEffect, useRef, useState } from "preact/hooks";
import type { EditAnswer, EditedFact, KnownFact } from "../../client/client.ts";
import { editSlot, type EditWish } from "../chat/memory_edits.ts";
import { explain } from "../chat/error_notice.ts";
import type { Slot } from "../store/stored_turn.ts";
import { pane, useParts } from "./page_context.ts";

const VERBS = [
  ["teach", "Teach"],
  ["forget", "Forget"],
  ["merge", "Merge"],
] as const;

/** A question and an answer, while they are written. */
interface Draft {
  readonly question: string;
  readonly answer: string;
}

const BLANK_FACT: Draft = { question: "", answer: "" };

/** What came of an edit, or why there was none. */
type Outcome =
  | { readonly type: "done"; readonly answer: EditAnswer }
  | { readonly type: "failed"; readonly message: string };

/** The form of one save. */
export function MemoryForm(
  { slot, close }: { slot: Slot; close: () => void },
): ComponentChild {
  const { library, notebook, session } = useParts();
  const others = [...library.slots.value.values()]
    .filter(({ id }) => id !== slot.id);
  const [verb, setVerb] = useState<EditWish["verb"]>("teach");
  const [text, setText] = useState("");
  const [fact, setFact] = useState(BLANK_FACT);
  const [keep, setKeep] = useState(BLANK_FACT);
  const [other, setOther] = useState(others[0]?.id ?? "");
  const [outcome, setOutcome] = useState<Outcome | null>(null);
  const [busy, setBusy] = useState(false);
  const work = useRef(new AbortController());
  useEffect(() => () => work.current.abort(), []);

  const submit = async () => {
    setBusy(true);
    setOutcome(null);
    try {
      const wish: EditWish = {
        verb,
        statements: text.split("\n").map((line) => line.trim())
          .filter((line) => line !== ""),
        facts: knownFacts(fact),
        keep: knownFacts(keep),
        other: others.find(({ id }) => id === other),
      };
      const { answer, made } = await editSlot(
        { library, notebook },
        slot,
        wish,
        {
          signal: work.current.signal,
        },
      );
      setOutcome({ type: "done", answer });
      if (made) session.goTo(made.id);
    } catch (error) {
      if (work.current.signal.aborted) return;
      const { message, detail } = explain(error);
      setOutcome({ type: "failed", message: detail ?? message });
    } finally {
      setBusy(false);
    }
  };

  return (
    <form
      onSubmit={(event) => {
        event.preventDefault();
        submit();
      }}
    >
      <label class="field">
        <span>What to do with {slot.name}</span>
        <select
          data-first
          value={verb}
          onChange={({ currentTarget: { value } }) =>
            setVerb(VERBS.find(([name]) => name === value)?.[0] ?? "teach")}
        >
          {VERBS.map(([name, words]) => (
            <option key={name} value={name}>{words}</option>
          ))}
        </select>
      </label>
      {verb === "merge"
        ? (
          <label class="field">
            <span>With</span>
            <select
              required
              value={other}
              onChange={({ currentTarget: { value } }) => setOther(value)}
            >
              {others.map(({ id, name }) => (
                <option key={id} value={id}>{name}</option>
              ))}
            </select>
          </label>
        )
        : (
          <label class="field wide">
            <span>
              {verb === "teach"
                ? "Say this, a statement a line"
                : "Say this for it, or leave it to the server"}
            </span>
            <textarea
              rows={3}
              required={verb === "teach"}
              placeholder={verb === "teach"
                ? "My name is Dave."
                : "Forget my name."}
              value={text}
              onInput={({ currentTarget: { value } }) => setText(value)}
            />
          </label>
        )}
      <FactFields
        legend={verb === "forget" ? "What goes" : "What must be known"}
        required={verb === "forget"}
        fact={fact}
        onFact={setFact}
      />
      {verb !== "merge" && (
        <FactFields
          legend="What must stay"
          required={false}
          fact={keep}
          onFact={setKeep}
        />
      )}
      <div role="status" aria-live="polite">
        {busy && <p>Trying several ways …</p>}
        {outcome?.type === "failed" && <p>{outcome.message}</p>}
        {outcome?.type === "done" && <Achieved answer={outcome.answer} />}
      </div>
      <p class="row end">
        {outcome?.type === "done" && (
          <button
            type="button"
            class="quiet"
            onClick={() => {
              close();
              pane.value = "chat";
            }}
          >
            Close
          </button>
        )}
        <button type="submit" class="primary" disabled={busy}>
          {VERBS.find(([name]) => name === verb)?.[1]}
        </button>
      </p>
    </form>
  );
}

function FactFields(
  { legend, required, fact, onFact }: {
    legend: string;
    required: boolean;
    fact: Draft;
    onFact: (fact: Draft) => void;
  },
): ComponentChild {
  // Half a fact is none: each half asks for the other.
  const begun = required || fact.question !== "" || fact.answer !== "";
  return (
    <fieldset>
      <legend>{legend}</legend>
      <label class="field">
        <span>Question</span>
        <input
          required={begun}
          placeholder="What is my name?"
          value={fact.question}
          onInput={({ currentTarget: { value } }) =>
            onFact({ ...fact, question: value })}
        />
      </label>
      <label class="field">
        <span>Answer of one who knows</span>
        <input
          required={begun}
          placeholder="Your name is Dave."
          value={fact.answer}
          onInput={({ currentTarget: { value } }) =>
            onFact({ ...fact, answer: value })}
        />
      </label>
    </fieldset>
  );
}

/** What was achieved, with the figures that say so. */
function Achieved(
  { answer: { summary, method, facts, kept } }: { answer: EditAnswer },
): ComponentChild {
  const rows = [...facts, ...kept];
  return (
    <>
      <p>
        <b>{summary}.</b> {method !== "nothing" && `Done: ${method}.`}
      </p>
      {rows.length > 0 && (
        <table>
          <thead>
            <tr>
              <th>Answer</th>
              <th>Before</th>
              <th>After</th>
              <th>Says now</th>
            </tr>
          </thead>
          <tbody>
            {rows.map((fact) => (
              <tr key={`${fact.question} ${fact.answer}`}>
                <td>{fact.answer}</td>
                <td>{chance(fact.before)}</td>
                <td>{chance(fact.after)}</td>
                <td>{says(fact)}</td>
              </tr>
            ))}
          </tbody>
        </table>
      )}
    </>
  );
}

function says({ says = "", achieved }: EditedFact): string {
  const words = says.trim();
  return words === "" ? achieved ? "as before" : "changed" : words;
}

function chance(logprob: number): string {
  const percent = 100 * Math.exp(logprob);
  if (percent < 0.01) return "under 0.01 %";
  return `${percent < 10 ? percent.toPrecision(2) : percent.toFixed()} %`;
}

function knownFacts({ question, answer }: Draft): KnownFact[] {
  const fact = { question: question.trim(), answer: answer.trim() };
  return fact.question === "" || fact.answer === "" ? [] : [fact];
}
