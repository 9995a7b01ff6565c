import type { ResourceType } from '@slipway/kube/object';
import { describe, expect, it } from 'vitest';
import { checkManifest, orderForRemoving, orderForWriting } from './check-manifest.ts';
import { parseManifests } from './parse-manifests.ts';

const parse = (...texts: readonly string[]) =>
  parseManifests(texts.map((text, index) => ({ name: `${'abc'[index]}.yaml`, content: Buffer.from(text) })));
const map = (name: string, namespace = '') =>
  `apiVersion: v1\nkind: ConfigMap\nmetadata: { name: ${name}${namespace && `, namespace: ${namespace}`} }\n`;

describe('manifests', () => {
  it('are every document of every file, and the items of lists', () => {
    const list = `apiVersion: v1\nkind: List\nitems:\n- {apiVersion: v1, kind: ConfigMap, metadata: {name: three}}\n`;
    const { manifests, faults } = parse(`${map('one')}---\n${map('two')}---\n# nothing\n`, list);
    expect(faults).toEqual([]);
    expect(manifests.map(({ source, object }) => `${source}: ${object.metadata.name}`)).toEqual([
      'a.yaml, document 1: one',
      'a.yaml, document 2: two',
      'b.yaml, items[0]: three',
    ]);
  });

  const bomb = `a: &a [x,x,x,x,x,x,x,x,x]\n${[...'bcdefgh'].map((name, index) => `${name}: &${name} [${Array(9).fill(`*${'abcdefg'[index]}`).join(',')}]`).join('\n')}\n`;
  it.each([
    { name: 'no YAML', texts: ['a: [b'], fault: 'a.yaml is not YAML' },
    { name: 'a text', texts: ['just words'], fault: 'a.yaml is no object' },
    { name: 'a list', texts: ['[1, 2]'], fault: 'a.yaml is no object' },
    { name: 'no kind', texts: ['apiVersion: v1\nmetadata: { name: a }\n'], fault: 'a.yaml is no object' },
    { name: 'no name', texts: ['apiVersion: v1\nkind: ConfigMap\n'], fault: 'metadata.name is missing' },
    { name: 'a number for a name', texts: [map('7')], fault: 'metadata.name is missing or no text' },
    { name: 'a list for a namespace', texts: [map('a', '[b]')], fault: 'metadata.namespace is no text' },
    { name: 'the same object twice', texts: [map('a'), map('a')], fault: 'ConfigMap a is in a.yaml and in b.yaml' },
    { name: 'anchors without end', texts: [bomb], fault: 'a.yaml cannot be read' },
    {
      name: 'more than anybody writes',
      texts: [Array.from({ length: 501 }, (_, index) => map(`m${index}`)).join('---\n')],
      fault: '501 objects',
    },
  ])('have a fault: $name', ({ texts, fault }) => {
    expect(parse(...texts).faults.join('\n')).toContain(fault);
  });

  it('are told apart by their namespaces', () => {
    expect(parse(map('a', 'x'), map('a', 'y')).faults).toEqual([]);
  });

  it('have no more faults than anybody reads', () => {
    expect(parse(Array.from({ length: 100 }, () => 'a').join('\n---\n')).faults).toHaveLength(20);
  });
});

describe('a webhook', () => {
  const type = (kind: string, group = '', namespaced = true): ResourceType => ({
    group,
    version: 'v1',
    kind,
    plural: `${kind.toLowerCase()}s`,
    namespaced,
  });
  const manifest = (kind: string, namespace?: string, apiVersion = 'v1') => ({
    source: 'a.yaml',
    object: { apiVersion, kind, metadata: { name: 'a', ...(namespace === undefined ? {} : { namespace }) } },
  });

  it('writes into its namespace what says none', () => {
    expect(checkManifest(manifest('ConfigMap'), type('ConfigMap'), ['shop'])).toMatchObject({
      namespace: 'shop',
      object: { metadata: { name: 'a', namespace: 'shop' } },
    });
  });

  it.each([
    {
      name: 'nothing without a namespace where it has several',
      given: checkManifest(manifest('ConfigMap'), type('ConfigMap'), ['a', 'b']),
      why: 'says no namespace',
    },
    {
      name: 'nothing into another namespace',
      given: checkManifest(manifest('ConfigMap', 'kube-system'), type('ConfigMap'), ['a']),
      why: 'may not write',
    },
    {
      name: 'nothing of the whole cluster',
      given: checkManifest(manifest('Namespace'), type('Namespace', '', false), ['a']),
      why: 'whole cluster',
    },
    {
      name: 'no rights',
      given: checkManifest(manifest('RoleBinding'), type('RoleBinding', 'rbac.authorization.k8s.io'), ['a']),
      why: 'gives rights',
    },
    {
      name: 'no approvals',
      given: checkManifest(manifest('ReleaseApproval'), type('ReleaseApproval', 'slipway.dev'), ['a']),
      why: 'asked for by people',
    },
    {
      name: 'no commands',
      given: checkManifest(manifest('ReleaseCommand'), type('ReleaseCommand', 'slipway.dev'), ['a']),
      why: 'asked for by people',
    },
    {
      name: 'nothing that nobody serves',
      given: checkManifest(manifest('Nonsense'), undefined, ['a']),
      why: 'does not serve',
    },
  ])('writes $name', ({ given, why }) => {
    expect(given).toContain(why);
  });

  it('removes what runs first, and what others refer to last', () => {
    const objects = [
      { apiVersion: 'v1', kind: 'ConfigMap' },
      { apiVersion: 'v1', kind: 'Service' },
      { apiVersion: 'slipway.dev/v1alpha1', kind: 'Application' },
    ];
    expect(orderForRemoving(objects).map(({ kind }) => kind)).toEqual(['Application', 'Service', 'ConfigMap']);
  });

  it('writes what others refer to first, and what begins a release last', () => {
    const objects = [type('Application', 'slipway.dev'), type('Service'), type('Secret')].flatMap((type) => {
      const apiVersion = type.group === '' ? 'v1' : `${type.group}/v1alpha1`;
      const checked = checkManifest(manifest(type.kind, undefined, apiVersion), type, ['a']);
      return typeof checked === 'string' ? [] : [checked];
    });
    expect(orderForWriting(objects).map(({ type }) => type.kind)).toEqual(['Secret', 'Service', 'Application']);
  });
});
