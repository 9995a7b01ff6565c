import type { KubeClient } from '@slipway/kube/client';
import type { ResourceType } from '@slipway/kube/object';
import { statusErrorFrom } from '@slipway/kube/status-error';

interface ResourceList {
  readonly resources?: ReadonlyArray<{ readonly name: string; readonly kind: string; readonly namespaced: boolean }>;
}

/** What the cluster serves, asked once for each group and version. */
export class Kinds {
  readonly #client: Pick<KubeClient, 'request'>;
  readonly #signal: AbortSignal;
  readonly #lists = new Map<string, Promise<ResourceList>>();

  constructor(client: Pick<KubeClient, 'request'>, signal: AbortSignal) {
    this.#client = client;
    this.#signal = signal;
  }

  /** Undefined for a kind that is not served. */
  async find(apiVersion: string, kind: string): Promise<ResourceType | undefined> {
    const [group, version] = apiVersion.includes('/') ? apiVersion.split('/', 2) : ['', apiVersion];
    if (group === undefined || version === undefined || !/^[a-z0-9.-]*$/.test(group) || !/^[a-z0-9]+$/.test(version))
      return undefined;
    const list = await this.#list(group === '' ? `/api/${version}` : `/apis/${group}/${version}`);
    const found = list.resources?.find((resource) => resource.kind === kind && !resource.name.includes('/'));
    return found && { group, version, kind, plural: found.name, namespaced: found.namespaced };
  }

  #list(path: string): Promise<ResourceList> {
    const asked = this.#lists.get(path) ?? this.#ask(path);
    this.#lists.set(path, asked);
    return asked;
  }

  async #ask(path: string): Promise<ResourceList> {
    const { status, body } = await this.#client.request({ method: 'GET', path, signal: this.#signal });
    const chunks: Uint8Array[] = [];
    for await (const chunk of body) chunks.push(chunk);
    const text = Buffer.concat(chunks).toString('utf8');
    // A group that nobody serves is not found; every other refusal says nothing about it.
    if (status === 404) return {};
    if (status !== 200) throw statusErrorFrom(status, text);
    return JSON.parse(text) as ResourceList;
  }
}
