import type { KubeClient } from '@slipway/kube/client';

/** A client that does what another one does: for a test that has some of it done otherwise. */
export function passOn(client: KubeClient): KubeClient {
  return {
    get: (...args) => client.get(...args),
    list: (...args) => client.list(...args),
    watch: (...args) => client.watch(...args),
    create: (...args) => client.create(...args),
    update: (...args) => client.update(...args),
    patch: (...args) => client.patch(...args),
    delete: (...args) => client.delete(...args),
    deleteCollection: (...args) => client.deleteCollection(...args),
    request: (...args) => client.request(...args),
  };
}
