import type { Application } from '@slipway/delivery/api/application';
import type { KubeObject } from '@slipway/kube/object';
import { expect, test } from 'vitest';
import { frozenOf } from './frozen-of.ts';

const namespace = 'default';
const application: Application = {
  metadata: { name: 'shop', namespace },
  spec: {
    environmentFrom: [{ configMapRef: { name: 'settings' } }, { secretRef: { name: 'flags' } }],
    template: { spec: { containers: [{ name: 'web', image: 'a', envFrom: [{ secretRef: { name: 'keys' } }] }] } },
    configuration: { live: ['flags'] },
  },
};

function object(kind: string, name: string, more: object = {}): KubeObject {
  return { kind, metadata: { name, namespace, ...more } };
}

test.each<[string, readonly KubeObject[], readonly string[]]>([
  ['of each kind', [object('Secret', 'keys'), object('ConfigMap', 'settings')], ['ConfigMap/settings', 'Secret/keys']],
  ['of another kind', [object('ConfigMap', 'keys')], []],
  ['in another namespace', [object('Secret', 'keys', { namespace: 'other' })], []],
  ['that spec calls live', [object('Secret', 'flags')], []],
  ['that calls itself live', [object('Secret', 'keys', { labels: { 'slipway.dev/config': 'live' } })], []],
])('an object %s', (_, applied, frozen) => {
  expect([...frozenOf(application, applied).keys()].toSorted()).toEqual(frozen);
});
