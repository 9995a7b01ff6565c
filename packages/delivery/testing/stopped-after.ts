import type { KubeClient } from '@slipway/kube/client';

/** A client of a process that is killed when a write of that number has taken effect, before it hears of it. */
export function stoppedAfter(client: KubeClient, writes: number): KubeClient {
  let done = 0;
  const write = async <T>(perform: () => Promise<T>): Promise<T> => {
    if (done >= writes) throw new Error('killed');
    const result = await perform();
    done += 1;
    if (done >= writes) throw new Error('killed');
    return result;
  };
  return {
    get: (...args) => client.get(...args),
    list: (...args) => client.list(...args),
    watch: (...args) => client.watch(...args),
    request: (request) => client.request(request),
    create: (...args) => write(() => client.create(...args)),
    update: (...args) => write(() => client.update(...args)),
    patch: (...args) => write(() => client.patch(...args)),
    delete: (...args) => write(() => client.delete(...args)),
    deleteCollection: (...args) => write(() => client.deleteCollection(...args)),
  };
}
