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

/** Undefined for a path that names no resource. */
export function parseResourcePath(path: string): ResourcePath | undefined {
  const parts = path.split('/').slice(1);
  const [root, ...names] = parts.slice(0, 3).map(decodePart);
  const isCore = root === 'api';
  if (!isCore && root !== 'apis') return undefined;
  const [group, version] = isCore ? ['', names[0]] : names;
  const below = parts.slice(isCore ? 2 : 3);
  if (group === undefined || version === undefined || below[0] === undefined || below[0] === '') return undefined;
  return { group, version, ...parseBelow(below, isCore) };
}

const namespaceSubresources = new Set(['status', 'finalize']);

function parseBelow(below: readonly string[], isCore: boolean): Omit<ResourcePath, 'group' | 'version'> {
  const [first = '', second, third] = below.slice(0, 3).map(decodePart);
  // `namespaces/x` and `namespaces/x/status` are about the namespace itself, `namespaces/x/pods` is about what is in it.
  const isNamespaceItself = isCore && (third === undefined || namespaceSubresources.has(third));
  if (first === 'namespaces' && second !== undefined && !isNamespaceItself)
    return { ...parseObject(below.slice(2)), namespace: second };
  return { ...parseObject(below), namespace: undefined };
}

/** What follows the subresource stays encoded: `a%2Fb` is not `a/b` to whom it is for. */
function parseObject(parts: readonly string[]): Omit<ResourcePath, 'group' | 'version' | 'namespace'> {
  const [plural = '', name = '', subresource = ''] = parts.slice(0, 3).map(decodePart);
  const rest = parts.slice(3);
  return { plural, name, subresource, rest: rest.length === 0 ? '' : `/${rest.join('/')}` };
}

function decodePart(part: string): string {
  try {
    return decodeURIComponent(part);
  } catch {
    // Not percent-encoded after all: the text stands for itself.
    return part;
  }
}
