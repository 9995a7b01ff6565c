/** Fields of the pod that variables and downward API files may show. */
import type { Pod } from '@slipway/kube/api.generated';
import { ConfigError } from './config-error.ts';

/** What is known before the status says so. */
export interface PodFacts {
  readonly pod: Pod;
  readonly nodeName: string;
  readonly podIP: string;
  readonly hostIP: string;
}

export function resolveField(facts: PodFacts, fieldPath: string): string {
  const subscript = /^(metadata\.(?:labels|annotations))\['(.*)'\]$/.exec(fieldPath);
  if (subscript !== null) return mapOf(facts.pod, subscript[1] ?? '')[subscript[2] ?? ''] ?? '';
  if (fieldPath === 'metadata.labels' || fieldPath === 'metadata.annotations')
    return formatMap(mapOf(facts.pod, fieldPath));
  const fields = simpleFields(facts);
  if (!Object.hasOwn(fields, fieldPath)) {
    throw new ConfigError(
      `fieldPath "${fieldPath}" is not supported; expected one of ${Object.keys(fields).join(', ')}`,
    );
  }
  return fields[fieldPath] ?? '';
}

function simpleFields({ pod, nodeName, podIP, hostIP }: PodFacts): Readonly<Record<string, string>> {
  return {
    'metadata.name': pod.metadata.name ?? '',
    'metadata.namespace': pod.metadata.namespace ?? '',
    'metadata.uid': pod.metadata.uid ?? '',
    'spec.nodeName': nodeName,
    'spec.serviceAccountName': pod.spec?.serviceAccountName ?? 'default',
    'status.podIP': podIP,
    'status.podIPs': podIP,
    'status.hostIP': hostIP,
    'status.hostIPs': hostIP,
  };
}

function mapOf(pod: Pod, path: string): Readonly<Record<string, string>> {
  return (path === 'metadata.labels' ? pod.metadata.labels : pod.metadata.annotations) ?? {};
}

/** One `key="value"` a line, sorted, quoted as Go quotes. */
function formatMap(map: Readonly<Record<string, string>>): string {
  return Object.entries(map)
    .toSorted(([a], [b]) => (a < b ? -1 : 1))
    .map(([key, value]) => `${key}=${JSON.stringify(value)}`)
    .join('\n');
}
