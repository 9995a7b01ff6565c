/** Conditional requests: https://www.rfc-editor.org/rfc/rfc9110#section-13.1. Pure. */

/** Whether a header names what is there: `*`, or its tag among several. Undefined `etag`: nothing is there. */
export function namesEtag(header: string, etag: string | undefined, comparison: 'strong' | 'weak'): boolean {
  if (etag === undefined) return false;
  if (header.trim() === '*') return true;
  const tags = header.match(/(?:W\/)?"[^"]*"/g) ?? [];
  return tags.some((tag) => tag === etag || (comparison === 'weak' && withoutWeak(tag) === withoutWeak(etag)));
}

function withoutWeak(tag: string): string {
  return tag.replace(/^W\//, '');
}

/** Who asks has it already, and it is answered 304. */
export function isKnown(header: string | undefined, etag: string): boolean {
  return header !== undefined && namesEtag(header, etag, 'weak');
}
