import type { PodSpec } from '@slipway/kube/api.generated';
import { describe, expect, it } from 'vitest';
import { validatePodSpec } from './pod-template.ts';

type Volume = NonNullable<PodSpec['volumes']>[number];
type Mount = NonNullable<PodSpec['containers'][number]['volumeMounts']>[number];

function faultsOf(volume: Partial<Volume>, mount: Partial<Mount> = {}): readonly string[] {
  const container = { name: 'web', image: 'web:1', volumeMounts: [{ name: 'v', mountPath: '/v', ...mount }] };
  const spec: PodSpec = { containers: [container], volumes: [{ name: 'v', ...volume }] };
  return validatePodSpec(spec, 'spec').map(({ field, message }) => `${field}: ${message}`);
}

function items(path: string) {
  return [{ key: 'k', path }];
}

describe('files of volumes', () => {
  it.each<{ field: string; volume: Partial<Volume> }>([
    { field: 'configMap.items[0]', volume: { configMap: { name: 'c', items: items('../x') } } },
    { field: 'secret.items[0]', volume: { secret: { secretName: 's', items: items('../x') } } },
    {
      field: 'downwardAPI.items[0]',
      volume: { downwardAPI: { items: [{ path: '../x', fieldRef: { fieldPath: 'metadata.name' } }] } },
    },
    {
      field: 'projected.sources[0].secret.items[0]',
      volume: { projected: { sources: [{ secret: { name: 's', items: items('../x') } }] } },
    },
    {
      field: 'projected.sources[0].serviceAccountToken',
      volume: { projected: { sources: [{ serviceAccountToken: { path: '../x' } }] } },
    },
  ])('stay in it: $field', ({ field, volume }) => {
    expect(faultsOf(volume)).toEqual([`spec.volumes[0].${field}.path: Invalid value: "../x": must not contain '..'`]);
  });

  it.each([
    { path: '/etc/x', message: 'must be a relative path' },
    { path: 'a/../../x', message: "must not contain '..'" },
    { path: '..data', message: "must not start with '..'" },
  ])('are not $path', ({ path, message }) => {
    expect(faultsOf({ configMap: { name: 'c', items: items(path) } })).toEqual([
      `spec.volumes[0].configMap.items[0].path: Invalid value: "${path}": ${message}`,
    ]);
  });

  it('may lie in directories', () => {
    expect(faultsOf({ configMap: { name: 'c', items: items('a/b..c') } })).toEqual([]);
  });
});

describe('volume mounts', () => {
  it.each([
    { field: 'mountPath', value: '/a:b', message: "must not contain ':'" },
    { field: 'subPath', value: 'a/../..', message: "must not contain '..'" },
    { field: 'subPath', value: '/a', message: 'must be a relative path' },
    { field: 'subPathExpr', value: '../$(X)', message: "must not contain '..'" },
  ])('refuse $value as $field', ({ field, value, message }) => {
    expect(faultsOf({ emptyDir: {} }, { [field]: value })).toEqual([
      `spec.containers[0].volumeMounts[0].${field}: Invalid value: "${value}": ${message}`,
    ]);
  });
});

it('lets names of variables be all printable ASCII but what ends them', () => {
  const names = ['Logging:Level.1 $', 'A=B', 'Ä', '1'];
  const container = { name: 'web', image: 'web:1', env: names.map((name) => ({ name })) };
  expect(validatePodSpec({ containers: [container] }, 'spec').map(({ field }) => field)).toEqual([
    'spec.containers[0].env[1].name',
    'spec.containers[0].env[2].name',
  ]);
});
