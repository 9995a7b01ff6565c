/** Which methods each path takes, for who asks by another one. */
import type { FastifyInstance } from 'fastify';

export interface KnownPaths {
  /** Empty: there is nothing at that path. */
  methodsOf(path: string): readonly string[];
}

/** Of every route that is added from now on. */
export function collectPaths(app: FastifyInstance): KnownPaths {
  const routes: Array<{ readonly parts: readonly string[]; readonly methods: readonly string[] }> = [];
  app.addHook('onRoute', ({ url, method }) => {
    routes.push({ parts: partsOf(url), methods: [method].flat() });
  });
  return {
    methodsOf: (path) => {
      const parts = partsOf(path);
      const found = routes.filter((route) => isAt(route.parts, parts));
      return [...new Set(found.flatMap(({ methods }) => methods))].toSorted();
    },
  };
}

/** The router does not look at a slash at the end. */
function partsOf(path: string): readonly string[] {
  return path.replace(/\/$/, '').split('/');
}

/** `:name` is any one part. */
function isAt(route: readonly string[], path: readonly string[]): boolean {
  if (route.length !== path.length) return false;
  return route.every((part, index) => (part.startsWith(':') ? path[index] !== '' : part === path[index]));
}
