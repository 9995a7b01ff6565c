import type { CallOptions, KubeClient } from './client.ts';

export interface Fence {
  /** Throws when nothing may be done any more. */
  check(): void;
  /** Aborts when nothing may be done any more. */
  readonly signal: AbortSignal;
}

/** A client that dies with its fence: afterwards it sends nothing, and what is under way is given up. */
export function fenceClient(client: KubeClient, fence: Fence): KubeClient {
  const fenced = <Options extends CallOptions>(options: Options): Options & { readonly signal: AbortSignal } => {
    // The signal alone does not do: after a process was stopped, other callbacks may run before its timers.
    fence.check();
    const own = options.signal;
    return { ...options, signal: own === undefined ? fence.signal : AbortSignal.any([own, fence.signal]) };
  };
  return {
    get: async (type, key, options) => client.get(type, key, fenced(options ?? {})),
    list: async (type, options) => client.list(type, fenced(options ?? {})),
    watch: (type, options) => client.watch(type, fenced(options)),
    create: async (type, object, options) => client.create(type, object, fenced(options ?? {})),
    update: async (type, object, options) => client.update(type, object, fenced(options ?? {})),
    patch: async (type, key, patch, options) => client.patch(type, key, patch, fenced(options ?? {})),
    delete: async (type, key, options) => client.delete(type, key, fenced(options ?? {})),
    deleteCollection: async (type, selection, options) =>
      client.deleteCollection(type, selection, fenced(options ?? {})),
    request: async (request) => client.request(fenced(request)),
  };
}
