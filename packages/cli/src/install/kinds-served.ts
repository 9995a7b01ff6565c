import { definitions } from '@slipway/delivery/api/definitions/definitions';
import type { KubeClient } from '@slipway/kube/client';
import { statusErrorFrom } from '@slipway/kube/status-error';

/** Whether somebody has installed the kinds of Slipway, by discovery: everybody may ask that. */
export async function areKindsServed(client: KubeClient, signal: AbortSignal): Promise<boolean> {
  const lists = new Set(definitions.map(({ spec }) => `/apis/${spec.group}/${spec.versions[0]?.name ?? ''}`));
  const served = new Set<string>();
  for (const path of lists) for (const name of await listResources(client, path, signal)) served.add(name);
  return definitions.every(({ spec }) => served.has(spec.names.plural));
}

async function listResources(client: KubeClient, path: string, signal: AbortSignal): Promise<readonly string[]> {
  const { status, body } = await client.request({ method: 'GET', path, signal });
  const chunks: Uint8Array[] = [];
  for await (const chunk of body) chunks.push(chunk);
  const text = Buffer.concat(chunks).toString('utf8');
  if (status === 404) return [];
  if (status !== 200) throw statusErrorFrom(status, text);
  const list: { readonly resources?: ReadonlyArray<{ readonly name: string }> } = JSON.parse(text);
  return (list.resources ?? []).map(({ name }) => name);
}
