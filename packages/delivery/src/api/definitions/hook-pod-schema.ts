/**
 * The pod of a hook, as far as Slipway reads it: which ConfigMaps and Secrets it refers to, and by what its Job is found. Hooks
 * stand in eight places of the kinds, and the whole schema of a pod in each would be more than `kubectl apply` can keep of a
 * CustomResourceDefinition; the rest the API server is asked about before a release is made.
 */
import { boolean, list, object, string, stringMap, type Schema } from './schema.ts';

function partOf(description: string, properties: Readonly<Record<string, Schema>>): Schema {
  return object(description, properties, { 'x-kubernetes-preserve-unknown-fields': true });
}

const name = string('Its name.');
const optional = boolean('Whether the pod starts without it.');
const items = list('Which keys, and where.', partOf('One key.', { key: string('Which one.') }));

const source = partOf('All of it.', { name, optional });
const key = partOf('One key of it.', { name, key: string('Which one.'), optional });
const files = partOf('Its keys as files.', { name, optional, items });

const container = partOf('A container.', {
  name,
  image: string('Its image.'),
  env: list(
    'Variables.',
    partOf('A variable.', {
      name,
      value: string('What it says.'),
      valueFrom: partOf('Where it is from.', { configMapKeyRef: key, secretKeyRef: key }),
    }),
  ),
  envFrom: list('Variables for all keys.', partOf('Where from.', { configMapRef: source, secretRef: source })),
});

const volume = partOf('A volume.', {
  name,
  configMap: files,
  secret: partOf('Its keys as files.', { secretName: name, optional, items }),
  projected: partOf('Several in one.', {
    sources: list('Which ones.', partOf('One of them.', { configMap: files, secret: files })),
  }),
});

export const hookPod: Schema = partOf('The pod. restartPolicy is Never unless it says OnFailure.', {
  metadata: partOf('Labels and annotations.', { labels: stringMap('Labels.'), annotations: stringMap('Annotations.') }),
  spec: partOf('As in a Pod.', {
    restartPolicy: string('Never or OnFailure.'),
    containers: list('What runs.', container),
    initContainers: list('What runs before.', container),
    volumes: list('What is mounted.', volume),
  }),
});
