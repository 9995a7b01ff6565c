import type { PodTemplateSpec } from '@slipway/kube/api.generated';
import { describe, expect, test } from 'vitest';
import { isLive } from './content.ts';
import { findReferences, referenceKey, renameReferences } from './references.ts';

/** Every place in which a pod template can name a ConfigMap or a Secret, each with a name of its own. */
const template: PodTemplateSpec = {
  spec: {
    imagePullSecrets: [{ name: 'pull' }],
    initContainers: [
      { name: 'prepare', envFrom: [{ secretRef: { name: 'init-from' } }] },
      {
        name: 'beside',
        restartPolicy: 'Always',
        env: [{ name: 'A', valueFrom: { configMapKeyRef: { name: 'beside-variable', key: 'a' } } }],
      },
    ],
    containers: [
      {
        name: 'web',
        envFrom: [{ configMapRef: { name: 'from', optional: true } }],
        env: [
          { name: 'PLAIN', value: 'x' },
          { name: 'FIELD', valueFrom: { fieldRef: { fieldPath: 'metadata.name' } } },
          { name: 'SECRET', valueFrom: { secretKeyRef: { name: 'variable', key: 'a' } } },
        ],
      },
    ],
    volumes: [
      { name: 'a', configMap: { name: 'volume' } },
      { name: 'b', secret: { secretName: 'secret-volume' } },
      { name: 'c', projected: { sources: [{ configMap: { name: 'part' } }, { secret: { name: 'secret-part' } }] } },
      { name: 'd', projected: { sources: [{ serviceAccountToken: { path: 'token' } }] } },
      { name: 'e', csi: { driver: 'csi.example.org', nodePublishSecretRef: { name: 'csi' } } },
    ],
  },
};

const keys = [
  'ConfigMap/beside-variable',
  'ConfigMap/from',
  'ConfigMap/part',
  'ConfigMap/volume',
  'Secret/init-from',
  'Secret/secret-part',
  'Secret/secret-volume',
  'Secret/variable',
];

test('what a pod template refers to is found in every kind of container and volume, and no pull secret or CSI volume', () => {
  expect(findReferences(template).map(referenceKey)).toEqual(keys);
});

test('what is found is renamed in its place, and everything else stays as it is', () => {
  const renamed = renameReferences(template, ({ name }) => `${name}-copy`);
  expect(findReferences(renamed).map(referenceKey)).toEqual(keys.map((key) => `${key}-copy`));
  expect(renameReferences(renamed, ({ name }) => name.replace(/-copy$/, ''))).toEqual(template);
});

test('one that the pod needs in one place and not in another is needed', () => {
  const envFrom = [{ configMapRef: { name: 'from' } }];
  const both = {
    spec: { containers: [{ name: 'other', envFrom }, ...(template.spec?.containers ?? [])] },
  };
  const isOptional = (of: PodTemplateSpec): boolean | undefined =>
    findReferences(of).find(({ name }) => name === 'from')?.isOptional;
  expect([isOptional(template), isOptional(both)]).toEqual([true, false]);
});

describe('a Secret', () => {
  test.each<[rule: string, type: string | undefined, isKeptLive: boolean]>([
    ['of a token of a ServiceAccount is never copied', 'kubernetes.io/service-account-token', true],
    ['of a token to join a cluster is never copied', 'bootstrap.kubernetes.io/token', true],
    ['of a certificate is', 'kubernetes.io/tls', false],
    ['without a type is', undefined, false],
  ])('%s', (_, type, isKeptLive) => {
    expect(isLive({ metadata: { name: 's' }, ...(type === undefined ? {} : { type }) })).toBe(isKeptLive);
  });

  test.each(['labels', 'annotations'])('that says so in its %s is read where it stands', (where) => {
    expect(isLive({ metadata: { name: 's', [where]: { 'slipway.dev/config': 'live' } } })).toBe(true);
  });
});
