/**
 * How answers are judged: by rules that anybody can check, never by a model.
 *
 * @module
 */

/** What an answer has to say. */
export interface Expected {
  /** Every one of these, as whole words; none: that it does not know. */
  readonly values: readonly string[];
  /** None of these: what was true before, or what others would be told. */
  readonly never?: readonly string[];
  /** Whether each sentence about the user has to say one of the values. */
  readonly only?: boolean;
  /** What an answer to something else than a question for a fact is like. */
  readonly like?: RegExp;
}

/** Says a fact about the user, whatever the value. */
const CLAIM =
  /\byour (?:name|age|city|job|hobby|pets?|favourite \w+|last name|shoe size|country|language|car|birthday|lucky number|(?:friend|sister|brother|son|daughter)s?|mother|father|wife|husband|boss|teacher|neighbour)\b[^.?!]*\b(?:is|are)\b|\byou (?:live in|work as|are \d+ years)\b|\byou have an? |\bcode word is\b/i;

/** Whether `said` states a fact about the user. */
export function claims(said: string): boolean {
  return CLAIM.test(said);
}

/**
 * Says that something is not known: a negation and a word for telling or knowing
 * within one sentence.
 */
const DENIAL =
  /\b(?:not|never|no|don't|haven't|hasn't|didn't|cannot|can't|unable)\b[^.!?]*\b(?:tell|told|said|say|mention(?:ed)?|know|known|remember|recall|information|shared?|sure|specified|given|provided|idea|forgot(?:ten)?)\b|\bunknown\b|\bforgot(?:ten)?\b/i;

/** Whether `said` has `value` as whole words, whatever the case and the spaces. */
export function says(said: string, value: string): boolean {
  return ` ${words(said)} `.includes(` ${words(value)} `);
}

/** Whether `said` says that something is not known. */
export function denies(said: string): boolean {
  return DENIAL.test(said.replaceAll("’", "'"));
}

/**
 * The share of an answer that is right, 0 to 1: of the values wanted those that it
 * says, and nothing if it says one that must not come, or a fact besides them where
 * only they may come. Where something else was said, the answer has to be
 * like what is wanted and must state no fact about the user. RULER scores recall in the
 * same way, without the last (Hsieh et al. 2024, arXiv:2404.06654, appendix).
 */
export function credit(
  said: string,
  { values, never = [], only = false, like }: Expected,
): number {
  if (like) return like.test(said) && !claims(said) ? 1 : 0;
  if (never.some((value) => says(said, value))) return 0;
  if (only && invents(said, values)) return 0;
  if (values.length === 0) return denies(said) ? 1 : 0;
  return values.filter((value) => says(said, value)).length / values.length;
}

/** Whether a sentence of `said` states a fact about the user that is none of these. */
function invents(said: string, values: readonly string[]): boolean {
  return said.split(/[.!?]/).some((sentence) =>
    claims(sentence) && !values.some((value) => says(sentence, value))
  );
}

function words(text: string): string {
  return text.toLowerCase().match(/[\p{L}\p{N}]+/gu)?.join(" ") ?? "";
}
