/**
 * What a model is asked to forget, in English, where the client does not say it: the
 * question as a clause. The answer is not in it, for to hear it is to learn it again.
 *
 * @module
 */

const CLAUSES: readonly (readonly [question: RegExp, clause: string])[] = [
  // What is my dog called? Where is my key?
  [
    /^(wh\w+|how) (is|are|was|were) (my .+?) (called|named|like)$/,
    "$1 $3 $2 $4",
  ],
  [/^(where|how) (is|are|was|were) (my .+)$/, "$1 $3 $2"],
  // What is my name? When's my birthday?
  [/^(?:wh\w+)(?: is| are| was| were|'s) (my .+)$/, "$1"],
  // Where do I live? What kind of music do I like?
  [/^((?:wh\w+|how)\b.*?) (?:do|did) I (.+)$/, "$1 I $2"],
  // How old am I? What am I afraid of?
  [/^((?:wh\w+|how)\b.*?) (am|was|have|can) I$/, "$1 I $2"],
  [/^((?:wh\w+|how)\b.*?) (am|was|have|can) I (.+)$/, "$1 I $2 $3"],
  // Do I have a cat? Am I married?
  [/^(?:do|did) I (.+)$/, "whether I $1"],
  [/^(am|was|have|can) I (.+)$/, "whether I $1 $2"],
];

/** Characters of the longest question that is looked at: patterns take time. */
const LONGEST_QUESTION = 200;

/** Asks for a question's answer to be forgotten. */
export function forgetPlea(question: string): string {
  const asked = question.trim();
  const plain = `Forget what I told you about this: ${asked}`;
  if (asked.length > LONGEST_QUESTION) return plain;
  const bare = asked.replace(/\s*[?.!]+$/, "");
  const inside = bare.charAt(0).toLowerCase() + bare.slice(1);
  for (const [pattern, clause] of CLAUSES) {
    if (pattern.test(inside)) {
      return `Forget ${inside.replace(pattern, clause)}.`;
    }
  }
  return plain;
}
