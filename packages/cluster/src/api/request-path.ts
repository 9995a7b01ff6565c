/** Paths of the API, taken apart. */

export interface ResourcePath {
  readonly group: string;
  readonly version: string;
  readonly plural: string;
  readonly namespace: string | undefined;
  /** Empty for the collection. */
  readonly name: string;
  /** Empty for the object itself. */
  readonly subresource: string;
  /** What follows a proxy subresource, beginning with a slash, or empty. Percent-encoded as it came. */
  readonly rest: string;
}

/** Of one request several ask, one after the other. */
let last: { readonly path: string; readonly parsed: ResourcePath | undefined } = { path: '', parsed: undefined };

/** Undefined for a path that names no resource. */
export function parseResourcePath(path: string): ResourcePath | undefined {
  if (last.path !== path) last = { path, parsed: parse(path) };
  return last.parsed;
}

function parse(path: string): ResourcePath | undefined {
  const parts = path.split('/');
  const root = decodePart(parts[1] ?? '');
  const isCore = root === 'api';
  if (!isCore && root !== 'apis') return undefined;
  const start = isCore ? 3 : 4;
  if (parts.length <= start || parts[start] === '') return undefined;
  const group = isCore ? '' : decodePart(parts[2] ?? '');
  return parseBelow(parts, start, { group, version: decodePart(parts[start - 1] ?? ''), isCore });
}

const namespaceSubresources = new Set(['status', 'finalize']);

function parseBelow(
  parts: readonly string[],
  start: number,
  { group, version, isCore }: { readonly group: string; readonly version: string; readonly isCore: boolean },
): ResourcePath {
  const third = parts[start + 2];
  // `namespaces/x` and `namespaces/x/status` are about the namespace itself, `namespaces/x/pods` is about what is in it.
  const isNamespaceItself = isCore && (third === undefined || namespaceSubresources.has(decodePart(third)));
  const isInside = parts.length > start + 1 && !isNamespaceItself && decodePart(parts[start] ?? '') === 'namespaces';
  const at = isInside ? start + 2 : start;
  return {
    group,
    version,
    plural: decodePart(parts[at] ?? ''),
    namespace: isInside ? decodePart(parts[start + 1] ?? '') : undefined,
    name: decodePart(parts[at + 1] ?? ''),
    subresource: decodePart(parts[at + 2] ?? ''),
    // What follows the subresource stays encoded: `a%2Fb` is not `a/b` to whom it is for.
    rest: parts.length > at + 3 ? `/${parts.slice(at + 3).join('/')}` : '',
  };
}

function decodePart(part: string): string {
  if (!part.includes('%')) return part;
  try {
    return decodeURIComponent(part);
  } catch {
    // Not percent-encoded after all: the text stands for itself.
    return part;
  }
}
