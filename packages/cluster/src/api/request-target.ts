import { StatusError } from '@slipway/kube/status-error';

export interface RequestTarget {
  readonly pathname: string;
  /** With its question mark, or empty. */
  readonly search: string;
  readonly searchParams: URLSearchParams;
}

/**
 * The target of a request, taken apart and otherwise as it came. A URL would take `..` and `%2e%2e` away with what stands
 * before them: a path below a proxy would leave the pod that it is for, and another one than the one asked for be served.
 */
export function parseTarget(target: string): RequestTarget {
  const fragment = target.indexOf('#');
  const asked = fragment < 0 ? target : target.slice(0, fragment);
  const query = asked.indexOf('?');
  const search = query < 0 ? '' : asked.slice(query);
  if (asked.startsWith('/') && !asked.startsWith('//'))
    return {
      pathname: query < 0 ? asked : asked.slice(0, query),
      search,
      searchParams: new URLSearchParams(search),
    };
  throw new StatusError(
    'BadRequest',
    `the target of the request, ${JSON.stringify(target)}, is no path of the API; a path begins with one slash, as in /api/v1/pods`,
  );
}
