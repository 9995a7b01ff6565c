/** Conditions on requests in the words of routers that know exact values and regular expressions. */
import type { SplitCondition, SplitMatch } from '@slipway/kube/split';

/** What a header must be. A pattern holds for the whole value; it has anchors, since not every router adds them. */
export type HeaderCondition =
  | { readonly name: string; readonly exact: string }
  | { readonly name: string; readonly pattern: string };

/** Cookies are looked for in their header. Names are in lower case. */
export function headerConditions({ headers = [], cookies = [] }: SplitMatch): readonly HeaderCondition[] {
  return [...headers.map(ofHeader), ...cookies.map(ofCookie)];
}

function ofHeader({ name, exact, prefix }: SplitCondition): HeaderCondition {
  const header = name.toLowerCase();
  if (exact !== undefined) return { name: header, exact };
  return { name: header, pattern: prefix === undefined ? '^.*$' : `^${escapePattern(prefix)}.*$` };
}

/** `user=jason` in `a=b; user=jason; c=d`. */
function ofCookie({ name, exact, prefix }: SplitCondition): HeaderCondition {
  const begin = `^(.*; *)?${escapePattern(name)}=`;
  if (exact !== undefined) return { name: 'cookie', pattern: `${begin}${escapePattern(exact)}(;.*)?$` };
  return { name: 'cookie', pattern: `${begin}${escapePattern(prefix ?? '')}.*$` };
}

/** As RE2, PCRE and POSIX have it. */
export function escapePattern(text: string): string {
  return text.replaceAll(/[\\^$.*+?()[\]{}|]/g, '\\$&');
}
