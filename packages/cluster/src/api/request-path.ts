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
  /** What follows a proxy subresource, beginning with a slash, or empty. */
  readonly rest: string;
}

/** Undefined for a path that names no resource. */
export function parseResourcePath(path: string): ResourcePath | undefined {
  const parts = path.split('/').slice(1).map(decodePart);
  const isCore = parts[0] === 'api';
  if (!isCore && parts[0] !== 'apis') return undefined;
  const [group, version] = isCore ? ['', parts[1]] : [parts[1], parts[2]];
  const below = parts.slice(isCore ? 2 : 3);
  if (group === undefined || version === undefined || below[0] === undefined || below[0] === '') return undefined;
  return { group, version, ...parseBelow(below, isCore) };
}

const namespaceSubresources = new Set(['status', 'finalize']);

function parseBelow(below: readonly string[], isCore: boolean): Omit<ResourcePath, 'group' | 'version'> {
  const [first = '', second, third] = below;
  // `namespaces/x` and `namespaces/x/status` are about the namespace itself, `namespaces/x/pods` is about what is in it.
  const isNamespaceItself = isCore && (third === undefined || namespaceSubresources.has(third));
  if (first === 'namespaces' && second !== undefined && !isNamespaceItself)
    return { ...parseObject(below.slice(2)), namespace: second };
  return { ...parseObject(below), namespace: undefined };
}

function parseObject([plural = '', name = '', subresource = '', ...rest]: readonly string[]): Omit<
  ResourcePath,
  'group' | 'version' | 'namespace'
> {
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
