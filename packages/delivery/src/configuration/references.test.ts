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

test('keys are needed by variables and by items of volumes, unless these say that they are optional', () => {
  const key = (name: string, optional?: boolean) => ({ name: 'keys', key: name, ...(optional ? { optional } : {}) });
  const found = findReferences({
    spec: {
      containers: [
        {
          name: 'web',
          env: [
            { name: 'A', valueFrom: { secretKeyRef: key('twice') } },
            { name: 'B', valueFrom: { secretKeyRef: key('optional', true) } },
            { name: 'C', valueFrom: { configMapKeyRef: key('optional', true) } },
          ],
          envFrom: [{ prefix: 'X_', secretRef: { name: 'whole' } }],
        },
      ],
      volumes: [
        { name: 'a', secret: { secretName: 'keys', items: [{ key: 'twice', path: 'a' }] } },
        { name: 'b', configMap: { name: 'files', items: [{ key: 'file', path: 'b' }] } },
        { name: 'c', projected: { sources: [{ secret: { name: 'keys', items: [{ key: 'part', path: 'c' }] } }] } },
      ],
    },
  });
  expect(found).toEqual([
    { kind: 'ConfigMap', name: 'files', isOptional: false, keys: ['file'] },
    { kind: 'ConfigMap', name: 'keys', isOptional: true },
    { kind: 'Secret', name: 'keys', isOptional: false, keys: ['part', 'twice'] },
    { kind: 'Secret', name: 'whole', isOptional: false },
  ]);
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
