/** What of an address is secret, and to be kept out of what whoever is asked there answers. */

/** Shorter ones are more likely words. */
const leastKeyCharacters = 8;

/** Its query, the values in it and who asks, each in the ways in which an answer may repeat it. */
export function secretsOfAddress(address: string): readonly string[] {
  const url = URL.parse(address);
  if (url === null) return [];
  const { search, searchParams, username, password } = url;
  const values = search
    .slice(1)
    .split('&')
    .map((pair) => pair.slice(pair.indexOf('=') + 1));
  const keys = [...values, ...values.map(decode), ...searchParams.values(), username, decode(username)];
  return [search, password, decode(password), ...keys.filter(({ length }) => length >= leastKeyCharacters)];
}

/** `text` without them, also where it is a page of HTML. */
export function hideSecrets(text: string, secrets: readonly string[]): string {
  const all = new Set(secrets.flatMap((each) => [each, each.replaceAll('&', '&amp;')]));
  // Longest first: a whole is not to leave the rest of it behind.
  return [...all]
    .filter(({ length }) => length > 1)
    .toSorted((one, other) => other.length - one.length)
    .reduce((rest, each) => rest.replaceAll(each, '(hidden)'), text);
}

/** Takes also what is wrongly encoded. */
function decode(text: string): string {
  return new URLSearchParams(`=${text.replaceAll('+', '%2B').replaceAll('&', '%26')}`).get('') ?? text;
}
