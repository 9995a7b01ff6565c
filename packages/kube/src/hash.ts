/** Short names derived from content, as Kubernetes derives `pod-template-hash`. */

/** JSON with the keys of every object in order and without `undefined`: equal content gives equal text. */
export function canonicalJson(value: unknown): string {
  if (value === null || typeof value !== 'object') return JSON.stringify(value) ?? 'null';
  if (Array.isArray(value)) return `[${value.map(canonicalJson).join(',')}]`;
  const entries = Object.entries(value)
    .filter(([, child]) => child !== undefined)
    .toSorted(([a], [b]) => (a < b ? -1 : 1));
  return `{${entries.map(([key, child]) => `${JSON.stringify(key)}:${canonicalJson(child)}`).join(',')}}`;
}

/** FNV-1a over the UTF-8 bytes, 32 bits. */
export function fnv32a(text: string): number {
  let hash = 0x811c9dc5;
  for (const byte of Buffer.from(text)) hash = Math.imul(hash ^ byte, 0x01000193) >>> 0;
  return hash;
}

/** Letters and digits that cannot spell words or be taken for one another. */
const safeAlphabet = 'bcdfghjklmnpqrstvwxz2456789';

/** Replaces each character by one that is safe in names: as `rand.SafeEncodeString` of Kubernetes does with decimal digits. */
export function safeEncode(text: string): string {
  return [...text].map((character) => safeAlphabet[(character.codePointAt(0) ?? 0) % safeAlphabet.length]).join('');
}

/** Five random characters for `generateName`. */
export function randomSuffix(random: () => number, length = 5): string {
  return Array.from({ length }, () => safeAlphabet[Math.floor(random() * safeAlphabet.length)]).join('');
}
