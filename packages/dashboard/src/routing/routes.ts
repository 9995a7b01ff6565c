/** The places of the dashboard, and their paths; the server answers exactly these with the page. */
export type Place =
  | { readonly page: 'overview' }
  | { readonly page: 'application'; readonly namespace: string; readonly name: string }
  | { readonly page: 'edit'; readonly namespace: string; readonly name: string }
  | { readonly page: 'release'; readonly namespace: string; readonly name: string }
  | { readonly page: 'history' }
  | { readonly page: 'compare' }
  | { readonly page: 'new' }
  | { readonly page: 'approvals' }
  | { readonly page: 'webhooks' }
  | { readonly page: 'notifications' }
  | { readonly page: 'environments' }
  | { readonly page: 'tokens' }
  | { readonly page: 'audit' }
  | { readonly page: 'unknown' };

const plain = [
  'history',
  'compare',
  'new',
  'approvals',
  'webhooks',
  'notifications',
  'environments',
  'tokens',
  'audit',
] as const;
type PlainPage = (typeof plain)[number];

export function parsePlace(path: string): Place {
  const parts = path.split('/').filter((part) => part !== '');
  const [first, namespace, name, last, ...rest] = parts.map(decodePart);
  if (first === undefined) return { page: 'overview' };
  if (rest.length > 0) return { page: 'unknown' };
  if (namespace === undefined) return isPlain(first) ? { page: first } : { page: 'unknown' };
  if (name === undefined) return { page: 'unknown' };
  if (first === 'applications' && last === 'edit') return { page: 'edit', namespace, name };
  if (last !== undefined) return { page: 'unknown' };
  if (first === 'applications') return { page: 'application', namespace, name };
  return first === 'releases' ? { page: 'release', namespace, name } : { page: 'unknown' };
}

export function formatPlace(place: Exclude<Place, { readonly page: 'unknown' }>): string {
  switch (place.page) {
    case 'overview':
      return '/';
    case 'application':
      return `/applications/${encodeURIComponent(place.namespace)}/${encodeURIComponent(place.name)}`;
    case 'edit':
      return `/applications/${encodeURIComponent(place.namespace)}/${encodeURIComponent(place.name)}/edit`;
    case 'release':
      return `/releases/${encodeURIComponent(place.namespace)}/${encodeURIComponent(place.name)}`;
    default:
      return `/${place.page}`;
  }
}

function isPlain(name: string): name is PlainPage {
  return plain.some((each) => each === name);
}

function decodePart(part: string): string {
  try {
    return decodeURIComponent(part);
  } catch {
    return part;
  }
}
