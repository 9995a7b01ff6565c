/** What the caller should read although the request succeeds, as a header. https://kubernetes.io/blog/2020/09/03/warnings/ */

/** As much as Kubernetes sends: others may have said it, at any length and in any script. */
const maximumCharacters = 256;
const maximumBytes = 4 * 1024;

const none = {};

/** In UTF-8, a byte a character as headers are written. Absent where there is nothing to say. */
export function warningHeaders(warnings: readonly string[]): Readonly<Record<string, string>> {
  if (warnings.length === 0) return none;
  let warning = '';
  for (const text of new Set(warnings)) {
    const next = `${warning === '' ? '' : `${warning}, `}299 - ${quoted(text)}`;
    if (next.length > maximumBytes) break;
    warning = next;
  }
  return warning === '' ? {} : { warning };
}

function quoted(text: string): string {
  const printable = text.replace(/\p{Cc}/gu, '').slice(0, 2 * maximumCharacters);
  const cut = [...printable].slice(0, maximumCharacters).join('');
  return Buffer.from(`"${cut.replace(/["\\]/g, String.raw`\$&`)}"`).toString('latin1');
}
