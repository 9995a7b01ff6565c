import type { KubeClient } from '@slipway/kube/client';
import type { KubeObject, ResourceType } from '@slipway/kube/object';
import { statusErrorFrom } from '@slipway/kube/status-error';
import { usageFailure } from '../failure.ts';

interface ApiResourceList {
  readonly resources?: ReadonlyArray<{ readonly name: string; readonly kind: string; readonly namespaced: boolean }>;
}

/** Finds the resource that serves objects of a kind, as the cluster's discovery says. */
export async function findResource(
  client: Pick<KubeClient, 'request'>,
  object: KubeObject,
  source: string,
): Promise<ResourceType> {
  const { apiVersion = '', kind = '' } = object;
  const [group, version] = apiVersion.includes('/') ? apiVersion.split('/') : ['', apiVersion];
  if (version === undefined || version === '' || kind === '')
    throw usageFailure(
      `${source}: apiVersion and kind are required, found apiVersion "${apiVersion}" and kind "${kind}"`,
    );
  const path = group === '' ? `/api/${version}` : `/apis/${group}/${version}`;
  const { status, body } = await client.request({ method: 'GET', path });
  const chunks: Uint8Array[] = [];
  for await (const chunk of body) chunks.push(chunk);
  const text = Buffer.concat(chunks).toString('utf8');
  // A group that nobody serves is not found; every other refusal says nothing about it.
  if (status !== 200 && status !== 404) throw statusErrorFrom(status, parseStatus(text));
  const list: ApiResourceList = status === 200 ? JSON.parse(text) : {};
  const found = list.resources?.find((resource) => resource.kind === kind && !resource.name.includes('/'));
  if (found !== undefined)
    return { group: group ?? '', version, kind, plural: found.name, namespaced: found.namespaced };
  throw usageFailure(
    `${source}: the cluster serves no kind "${kind}" in ${apiVersion}; ${describeServed(list, apiVersion)}`,
  );
}

/** What is no JSON stays the text that it is. */
function parseStatus(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    if (error instanceof SyntaxError) return text;
    throw error;
  }
}

function describeServed({ resources = [] }: ApiResourceList, apiVersion: string): string {
  const kinds = new Set(resources.filter(({ name }) => !name.includes('/')).map(({ kind }) => kind));
  if (kinds.size > 0) return `it serves: ${[...kinds].join(', ')}`;
  return apiVersion.startsWith('slipway.dev/')
    ? 'install Slipway in the cluster first, or start one with: slipway up'
    : 'what it serves: kubectl api-resources';
}
