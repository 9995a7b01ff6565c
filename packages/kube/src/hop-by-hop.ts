/** Headers that are about one connection and not about what is sent. https://www.rfc-editor.org/rfc/rfc9110#section-7.6.1 */
const hopByHop: ReadonlySet<string> = new Set([
  'connection',
  'keep-alive',
  'proxy-authenticate',
  'proxy-authorization',
  'proxy-connection',
  'te',
  'trailer',
  'transfer-encoding',
  'upgrade',
]);

/**
 * What may be passed on to the next connection: without what the one before it was about, and without what its sender
 * names in `Connection`. Names are in lower case.
 */
export function endToEndHeaders(headers: Readonly<Record<string, string>>): Readonly<Record<string, string>> {
  const named = new Set((headers['connection'] ?? '').split(',').map((name) => name.trim().toLowerCase()));
  return Object.fromEntries(Object.entries(headers).filter(([name]) => !hopByHop.has(name) && !named.has(name)));
}
