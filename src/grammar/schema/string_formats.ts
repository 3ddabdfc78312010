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
const FULL_TIME = `(?:[01]\\d|2[0-3]):[0-5]\\d:[0-5]\\d(?:\\.\\d{1,9})?${ZONE}`;
const LETTER = "[A-Za-z0-9]", INNER = "[A-Za-z0-9-]";
/** Without hyphens in the third place and the fourth: those say that it is encoded. */
const HOST_LABEL = `${LETTER}(?:${INNER}?${LETTER}|${INNER}{2}${LETTER}|` +
  `${INNER}(?:${LETTER}${INNER}|-${LETTER})${INNER}{0,58}${LETTER})?`;
const HOST = `${HOST_LABEL}(?:\\.${HOST_LABEL}){0,20}`;
const IPV4_BYTE = "(?:25[0-5]|2[0-4]\\d|1\\d\\d|[1-9]?\\d)";
const IPV4 = `(?:${IPV4_BYTE}\\.){3}${IPV4_BYTE}`;
const IPV6_GROUP = "[\\da-fA-F]{1,4}";
const IPV6_LAST_GROUPS = `(?:${IPV6_GROUP}:${IPV6_GROUP}|${IPV4})`;
const IPV6 = "(?:" + [
  `(?:${IPV6_GROUP}:){6}${IPV6_LAST_GROUPS}`,
  `::(?:${IPV6_GROUP}:){5}${IPV6_LAST_GROUPS}`,
  `(?:${IPV6_GROUP})?::(?:${IPV6_GROUP}:){4}${IPV6_LAST_GROUPS}`,
  `(?:(?:${IPV6_GROUP}:){0,1}${IPV6_GROUP})?::(?:${IPV6_GROUP}:){3}${IPV6_LAST_GROUPS}`,
  `(?:(?:${IPV6_GROUP}:){0,2}${IPV6_GROUP})?::(?:${IPV6_GROUP}:){2}${IPV6_LAST_GROUPS}`,
  `(?:(?:${IPV6_GROUP}:){0,3}${IPV6_GROUP})?::${IPV6_GROUP}:${IPV6_LAST_GROUPS}`,
  `(?:(?:${IPV6_GROUP}:){0,4}${IPV6_GROUP})?::${IPV6_LAST_GROUPS}`,
  `(?:(?:${IPV6_GROUP}:){0,5}${IPV6_GROUP})?::${IPV6_GROUP}`,
  `(?:(?:${IPV6_GROUP}:){0,6}${IPV6_GROUP})?::`,
].join("|") + ")";
const ATOM = "[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+";
const MAIL_HOST = `(?:${HOST}|\\[${IPV4}\\]|\\[IPv6:${IPV6}\\])`;
const MAIL =
  `(?:${ATOM}(?:\\.${ATOM})*|"(?:[ !#-\\[\\]-~]|\\\\[ -~])+")@${MAIL_HOST}`;
const ESCAPED = "%[\\da-fA-F]{2}";
const PCHAR = `(?:[A-Za-z0-9._~!$&'()*+,;=:@-]|${ESCAPED})`;
const QUERY = `(?:\\?(?:${PCHAR}|[/?])*)?(?:#(?:${PCHAR}|[/?])*)?`;
const URI_USER = `(?:(?:[A-Za-z0-9._~!$&'()*+,;=:-]|${ESCAPED})*@)?`;
const URI_HOST_NAME = `(?:[A-Za-z0-9._~!$&'()*+,;=-]|${ESCAPED})*`;
const AUTHORITY =
  `${URI_USER}(?:\\[(?:${IPV6}|[vV][\\da-fA-F]+\\.[A-Za-z0-9._~!$&'()*+,;=:-]+)\\]|${URI_HOST_NAME})(?::\\d*)?`;
const URI_PATHS = `(?:/${PCHAR}*)*`;
const URI =
  `[A-Za-z][A-Za-z0-9+.-]*:(?://${AUTHORITY}${URI_PATHS}|/(?:${PCHAR}+${URI_PATHS})?|${PCHAR}+${URI_PATHS}|)${QUERY}`;
const URI_FIRST_SEGMENT = `(?:[A-Za-z0-9._~!$&'()*+,;=@-]|${ESCAPED})+`;
const RELATIVE =
  `(?://${AUTHORITY}${URI_PATHS}|/(?:${PCHAR}+${URI_PATHS})?|${URI_FIRST_SEGMENT}${URI_PATHS}|)${QUERY}`;
const DURATION_TIME = "T(?:\\d+H(?:\\d+M(?:\\d+S)?)?|\\d+M(?:\\d+S)?|\\d+S)";
const DURATION_DATE = "(?:\\d+Y(?:\\d+M(?:\\d+D)?)?|\\d+M(?:\\d+D)?|\\d+D)";
const POINTER = "(?:/(?:[^~/]|~[01])*)*";

const VARIABLE =
  `(?:\\w|${ESCAPED})(?:\\.?(?:\\w|${ESCAPED}))*(?::[1-9]\\d{0,3}|\\*)?`;
const URI_LITERAL = "[!#$&'()*+,.\\/0-9:;=?@A-Z\\[\\]_a-z~\\-" +
  "\\u{a0}-\\u{d7ff}\\u{e000}-\\u{fdcf}\\u{fdf0}-\\u{ffef}\\u{10000}-\\u{1fffd}]";
const URI_TEMPLATE = `(?:${URI_LITERAL}|${ESCAPED}|` +
  `\\{[+#./;?&=,!@|]?${VARIABLE}(?:,${VARIABLE})*\\})*`;

/** What IRIs and other names have beyond URIs: any letter that is not ASCII. */
function international(form: string): string {
  return form.replaceAll(
    "[A-Za-z0-9._~!$&'()*+,;=",
    "[\\u{a0}-\\u{10fffd}A-Za-z0-9._~!$&'()*+,;=",
  );
}

const FORMAT_EXPRESSIONS: Readonly<Record<string, string>> = {
  date: DATE,
  time: FULL_TIME,
  "date-time": `${DATE}[Tt]${FULL_TIME}`,
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
  "uri-template": URI_TEMPLATE,
  "json-pointer": POINTER,
  "relative-json-pointer": `(?:0|[1-9]\\d*)(?:#|${POINTER})`,
};

/** Characters of a text in a form, where its rules bound them. */
const LONGEST_FORMATS: Readonly<Record<string, number>> = {
  hostname: 253,
  "idn-hostname": 253,
};

/** Characters that a text in a form has at most. */
export function longestOf(name: string): number {
  return Object.hasOwn(LONGEST_FORMATS, name)
    ? LONGEST_FORMATS[name]
    : Infinity;
}

const automata = new Map<string, TextState>();

/** The form of a name that is known. */
export function formatOf(name: string): TextState | undefined {
  const known = automata.get(name);
  if (known !== undefined || !Object.hasOwn(FORMAT_EXPRESSIONS, name)) {
    return known;
  }
  const expression = readExpression(FORMAT_EXPRESSIONS[name]);
  const made = expression && automatonOf(expression);
  if (made !== undefined) automata.set(name, made);
  return made;
}
