/**
 * Forms of strings that a schema names. Others are notes, as the specification has
 * it for names that are not known.
 *
 * Sources: RFC 3339 (dates, times), RFC 3986 (URIs), RFC 4122 (UUIDs), RFC 4291
 * (IPv6), RFC 1123 (host names), RFC 5321 (mail), RFC 6901 (JSON pointers),
 * RFC 6570 (URI templates), ISO 8601 (durations).
 *
 * @module
 */

import { automatonOf, type TextState } from "../regex/automaton.ts";
import { readExpression } from "../regex/expression.ts";

const YEAR = "\\d{4}";
const LEAP =
  "(?:\\d\\d(?:0[48]|[2468][048]|[13579][26])|(?:[02468][048]|[13579][26])00)";
const DATE = `(?:${YEAR}-(?:(?:0[13578]|1[02])-(?:0[1-9]|[12]\\d|3[01])|` +
  `(?:0[469]|11)-(?:0[1-9]|[12]\\d|30)|02-(?:0[1-9]|1\\d|2[0-8]))|${LEAP}-02-29)`;
const ZONE = "(?:[Zz]|[+-](?:[01]\\d|2[0-3]):[0-5]\\d)";
const TIME = `(?:[01]\\d|2[0-3]):[0-5]\\d:[0-5]\\d(?:\\.\\d{1,9})?${ZONE}`;
const LETTER = "[A-Za-z0-9]", INNER = "[A-Za-z0-9-]";
/** Without hyphens in the third place and the fourth: those say that it is encoded. */
const LABEL = `${LETTER}(?:${INNER}?${LETTER}|${INNER}{2}${LETTER}|` +
  `${INNER}(?:${LETTER}${INNER}|-${LETTER})${INNER}{0,58}${LETTER})?`;
const HOST = `${LABEL}(?:\\.${LABEL}){0,20}`;
const BYTE = "(?:25[0-5]|2[0-4]\\d|1\\d\\d|[1-9]?\\d)";
const IPV4 = `(?:${BYTE}\\.){3}${BYTE}`;
const H16 = "[\\da-fA-F]{1,4}";
const LS32 = `(?:${H16}:${H16}|${IPV4})`;
const IPV6 = "(?:" + [
  `(?:${H16}:){6}${LS32}`,
  `::(?:${H16}:){5}${LS32}`,
  `(?:${H16})?::(?:${H16}:){4}${LS32}`,
  `(?:(?:${H16}:){0,1}${H16})?::(?:${H16}:){3}${LS32}`,
  `(?:(?:${H16}:){0,2}${H16})?::(?:${H16}:){2}${LS32}`,
  `(?:(?:${H16}:){0,3}${H16})?::${H16}:${LS32}`,
  `(?:(?:${H16}:){0,4}${H16})?::${LS32}`,
  `(?:(?:${H16}:){0,5}${H16})?::${H16}`,
  `(?:(?:${H16}:){0,6}${H16})?::`,
].join("|") + ")";
const ATOM = "[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+";
const MAIL_HOST = `(?:${HOST}|\\[${IPV4}\\]|\\[IPv6:${IPV6}\\])`;
const MAIL =
  `(?:${ATOM}(?:\\.${ATOM})*|"(?:[ !#-\\[\\]-~]|\\\\[ -~])+")@${MAIL_HOST}`;
const ESCAPED = "%[\\da-fA-F]{2}";
const PCHAR = `(?:[A-Za-z0-9._~!$&'()*+,;=:@-]|${ESCAPED})`;
const QUERY = `(?:\\?(?:${PCHAR}|[/?])*)?(?:#(?:${PCHAR}|[/?])*)?`;
const USER = `(?:(?:[A-Za-z0-9._~!$&'()*+,;=:-]|${ESCAPED})*@)?`;
const NAME = `(?:[A-Za-z0-9._~!$&'()*+,;=-]|${ESCAPED})*`;
const AUTHORITY =
  `${USER}(?:\\[(?:${IPV6}|[vV][\\da-fA-F]+\\.[A-Za-z0-9._~!$&'()*+,;=:-]+)\\]|${NAME})(?::\\d*)?`;
const PATHS = `(?:/${PCHAR}*)*`;
const URI =
  `[A-Za-z][A-Za-z0-9+.-]*:(?://${AUTHORITY}${PATHS}|/(?:${PCHAR}+${PATHS})?|${PCHAR}+${PATHS}|)${QUERY}`;
const FIRST = `(?:[A-Za-z0-9._~!$&'()*+,;=@-]|${ESCAPED})+`;
const RELATIVE =
  `(?://${AUTHORITY}${PATHS}|/(?:${PCHAR}+${PATHS})?|${FIRST}${PATHS}|)${QUERY}`;
const DURATION_TIME = "T(?:\\d+H(?:\\d+M(?:\\d+S)?)?|\\d+M(?:\\d+S)?|\\d+S)";
const DURATION_DATE = "(?:\\d+Y(?:\\d+M(?:\\d+D)?)?|\\d+M(?:\\d+D)?|\\d+D)";
const POINTER = "(?:/(?:[^~/]|~[01])*)*";

const VARIABLE =
  `(?:\\w|${ESCAPED})(?:\\.?(?:\\w|${ESCAPED}))*(?::[1-9]\\d{0,3}|\\*)?`;
const LITERAL = "[!#$&'()*+,.\\/0-9:;=?@A-Z\\[\\]_a-z~\\-" +
  "\\u{a0}-\\u{d7ff}\\u{e000}-\\u{fdcf}\\u{fdf0}-\\u{ffef}\\u{10000}-\\u{1fffd}]";
const TEMPLATE = `(?:${LITERAL}|${ESCAPED}|` +
  `\\{[+#./;?&=,!@|]?${VARIABLE}(?:,${VARIABLE})*\\})*`;

/** What IRIs and other names have beyond URIs: any letter that is not ASCII. */
function international(form: string): string {
  return form.replaceAll(
    "[A-Za-z0-9._~!$&'()*+,;=",
    "[\\u{a0}-\\u{10fffd}A-Za-z0-9._~!$&'()*+,;=",
  );
}

const FORMS: Readonly<Record<string, string>> = {
  date: DATE,
  time: TIME,
  "date-time": `${DATE}[Tt]${TIME}`,
  duration: `P(?:${DURATION_DATE}(?:${DURATION_TIME})?|${DURATION_TIME}|\\d+W)`,
  email: MAIL,
  "idn-email": MAIL.replaceAll("[A-Za-z0-9", "[\\u{a0}-\\u{10fffd}A-Za-z0-9"),
  hostname: HOST,
  // Those that are ASCII: names of other letters have rules that no automaton has.
  "idn-hostname": HOST,
  ipv4: IPV4,
  ipv6: IPV6,
  uri: URI,
  "uri-reference": `(?:${URI}|${RELATIVE})`,
  iri: international(URI),
  "iri-reference": international(`(?:${URI}|${RELATIVE})`),
  uuid:
    "[\\da-fA-F]{8}-[\\da-fA-F]{4}-[\\da-fA-F]{4}-[\\da-fA-F]{4}-[\\da-fA-F]{12}",
  "uri-template": TEMPLATE,
  "json-pointer": POINTER,
  "relative-json-pointer": `(?:0|[1-9]\\d*)(?:#|${POINTER})`,
};

/** Characters of a text in a form, where its rules bound them. */
const LONGEST: Readonly<Record<string, number>> = {
  hostname: 253,
  "idn-hostname": 253,
};

/** Characters that a text in a form has at most. */
export function longestOf(name: string): number {
  return Object.hasOwn(LONGEST, name) ? LONGEST[name] : Infinity;
}

const automata = new Map<string, TextState>();

/** The form of a name that is known. */
export function formatOf(name: string): TextState | undefined {
  const known = automata.get(name);
  if (known !== undefined || !Object.hasOwn(FORMS, name)) return known;
  const expression = readExpression(FORMS[name]);
  const made = expression && automatonOf(expression);
  if (made !== undefined) automata.set(name, made);
  return made;
}
