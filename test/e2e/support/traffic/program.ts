/** The program that is released under load, where the pods of a cluster find it. */
import { readFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import type { ConfigMap, PodSpec, Volume, VolumeMount } from '@slipway/kube/api.generated';
import { configMaps } from '@slipway/kube/resources';
import { checkoutMount, checkoutVolume } from '../checkout-volume.ts';
import type { Place } from '../delivery-cluster.ts';

export const port = 8080;

const source = fileURLToPath(new URL('./application.ts', import.meta.url));

/** A template of pods that run it. Where a cluster's pods do not see this checkout, it is put into a ConfigMap. */
export async function bringProgram(
  { client, namespace, kind }: Pick<Place, 'client' | 'namespace' | 'kind'>,
  application: string,
): Promise<{ readonly spec: PodSpec }> {
  if (kind === 'embedded') return templateOf(source, checkoutVolume, checkoutMount);
  // One for each Application, because several may begin at once.
  const key = { namespace, name: `${application}-program` };
  const data = { 'application.mts': await readFile(source, 'utf8') };
  const body: ConfigMap = { apiVersion: 'v1', kind: 'ConfigMap', metadata: key, data };
  await client.patch(configMaps, key, { type: 'apply', body, force: true }, { fieldManager: 'test' });
  return templateOf(
    '/program/application.mts',
    { name: 'program', configMap: { name: key.name } },
    { name: 'program', mountPath: '/program', readOnly: true },
  );
}

/** Of a pod that runs the program where `mount` puts it. */
function templateOf(program: string, volume: Volume, mount: VolumeMount): { readonly spec: PodSpec } {
  return {
    spec: {
      volumes: [volume],
      containers: [
        {
          name: 'application',
          image: 'node:24',
          command: ['node', program],
          env: [{ name: 'POD_NAME', valueFrom: { fieldRef: { fieldPath: 'metadata.name' } } }],
          volumeMounts: [mount],
          ports: [{ name: 'http', containerPort: port }],
          readinessProbe: { httpGet: { path: '/health', port: 'http' } },
        },
      ],
    },
  };
}
