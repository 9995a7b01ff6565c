import { parseResourcePath } from './request-path.ts';
import type { RequestTarget } from './request-target.ts';

const watchPath = /^(\/api\/[^/]+|\/apis\/[^/]+\/[^/]+)\/watch(\/.+)$/;

/**
 * The paths of watches from before `?watch=1`, which Kubernetes still serves, as what they stand for: a watch of what follows
 * `watch` in them, of one object by its name. Every other target is the one that is given.
 */
export function fromWatchPath(method: string, target: RequestTarget): RequestTarget {
  const [, root, rest] = (method === 'GET' && watchPath.exec(target.pathname)) || [];
  const path = root === undefined || rest === undefined ? undefined : parseResourcePath(root + rest);
  if (path === undefined || path.subresource !== '') return target;
  const searchParams = new URLSearchParams(target.searchParams);
  searchParams.set('watch', '1');
  if (path.name !== '') searchParams.set('fieldSelector', `metadata.name=${path.name}`);
  const whole = `${root}${rest}`;
  return {
    pathname: path.name === '' ? whole : whole.slice(0, whole.lastIndexOf('/')),
    search: `?${searchParams.toString()}`,
    searchParams,
  };
}
