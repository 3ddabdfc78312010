/**
 * Names of hosts, and ports, that settings may have. Without a schema, so that a launcher can
 * tell what Deno would not read as the host of a permission.
 *
 * @module
 */

/** The last port that there is. */
export const MAX_PORT = 65_535;

const LABEL = "[\\w](?:[\\w-]{0,61}[\\w])?";
const HOST_NAME = new RegExp(`^(?=.{1,253}$)${LABEL}(?:\\.${LABEL})*$`);

/** Whether a text is a host's name, an IPv4 or an IPv6 address, in brackets or not. */
export function isHost(text: string): boolean {
  if (HOST_NAME.test(text)) return true;
  const [, address = text] = /^\[(.*)\]$/.exec(text) ?? [];
  return /^[\da-f:.]*:[\da-f:.]*$/i.test(address) &&
    URL.canParse(`http://[${address}]/`);
}
