/**
 * How an API server writes an object is known to kubectl too, which holds the same types: `kubectl set env --local` reads an
 * object into them and writes what they hold.
 */
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Pod } from '@slipway/kube/api.generated';
import { writtenQuantity } from '@slipway/kube/quantity';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { SchemaField, SchemaNode } from '../../packages/cluster/src/schema/definition.ts';
import { toWrittenForm } from '../../packages/cluster/src/schema/written-form.ts';
import { schemaNode } from '../../packages/cluster/src/schema/schema-data.ts';
import { execute } from './support/execute.ts';
import { findKubectls } from './support/kubectls.ts';

const kubectls = await findKubectls();
/** Of the version that the types of this project have; another one does not know some of their fields. */
const same = kubectls.find(({ version }) => version.startsWith('v1.32.'));
const kubectl = same ?? kubectls.at(-1);

/** Deeper than any template of pods. */
const maximumDepth = 12;

/** An object of the type with all fields, each of them empty; lists hold one item of it where items have fields. */
function hollow(node: SchemaNode, depth: number): unknown {
  switch (node.kind) {
    case 'scalar':
      return zeros[node.type];
    case 'list':
      return node.items.kind === 'object' ? [hollow(node.items, depth)] : [];
    case 'map':
      return {};
    case 'any':
      return undefined;
    case 'object':
      return depth === maximumDepth ? undefined : hollowFields(node.fields, depth + 1);
  }
}

const zeros: Readonly<Record<string, unknown>> = {
  string: '',
  integer: 0,
  number: 0,
  boolean: false,
  bytes: '',
  intOrString: 0,
  quantity: '0',
};

function hollowFields(fields: ReadonlyMap<string, SchemaField>, depth: number): object {
  const members = [...fields].map(([name, { node, patchMergeKey }]) => {
    const value = hollow(node, depth);
    return [name, patchMergeKey === undefined ? value : withKey(value, patchMergeKey)];
  });
  return Object.fromEntries(members);
}

/** kubectl joins the items of a list by a key of theirs. */
function withKey(items: unknown, key: string): unknown {
  if (!Array.isArray(items)) return items;
  return items.map((item) => ({ ...item, [key]: item[key] === 0 ? 1 : 'given' }));
}

/** The variable of each container without which kubectl has nothing to write. */
const added = 'ADDED';

/** Without objects that hold nothing, which kubectl adds to what it is given, and without what it adds to those that do. */
function withoutHollows(value: unknown): unknown {
  if (Array.isArray(value))
    return value
      .filter((item) => Object(item).name !== added)
      .map(withoutHollows)
      .filter((item) => Object.keys(Object(item)).length > 0 || typeof item !== 'object');
  if (typeof value !== 'object' || value === null) return value;
  const members = Object.entries(value)
    .map(([name, child]) => [name, withoutHollows(child)] as const)
    .filter(([, child]) => child !== undefined && child !== null)
    .filter(([, child]) => typeof child !== 'object' || Object.keys(Object(child)).length > 0);
  return Object.fromEntries(members);
}

function limitsOf({ spec }: Pod): Readonly<Record<string, unknown>> {
  return spec?.containers[0]?.resources?.limits ?? {};
}

/** What of a value the other one has too. */
function commonPart(value: unknown, other: unknown): unknown {
  if (Array.isArray(value) && Array.isArray(other)) return value.map((item, index) => commonPart(item, other[index]));
  if (typeof value !== 'object' || typeof other !== 'object') return value;
  const members = Object.entries(Object(value)).filter(([name]) => name in Object(other));
  return Object.fromEntries(members.map(([name, child]) => [name, commonPart(child, Object(other)[name])]));
}

describe.skipIf(kubectl === undefined)('the form in which objects are written', () => {
  let folder = '';

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'slipway-empty-fields-'));
  });

  afterAll(() => rm(folder, { recursive: true, force: true }));

  const writtenByKubectl = async (object: object): Promise<Pod> => {
    const file = join(folder, 'object.json');
    await writeFile(file, JSON.stringify(object));
    const words = ['set', 'env', '--local', '-f', file, '-o', 'json', `${added}=1`];
    const { stdout, stderr } = await execute(kubectl?.program ?? '', words);
    expect(stderr).toBe('');
    return JSON.parse(stdout);
  };

  it('writes quantities in one way, however they are said', async () => {
    const quantity = fc
      .tuple(
        fc.constantFrom('', '-', '+'),
        fc.integer({ min: 0, max: 99_999 }),
        fc.constantFrom('', '.0', '.5', '.25', '.125', '.001', '.1024', '.123456789', '.1234567891'),
        fc.constantFrom(
          '',
          'n',
          'u',
          'm',
          'k',
          'M',
          'G',
          'T',
          'Ki',
          'Mi',
          'Gi',
          'Ti',
          'e0',
          'e2',
          'e3',
          'E4',
          'e-2',
          'e-3',
        ),
      )
      .map((parts) => parts.join(''));
    const given = fc.sample(quantity, { numRuns: 2_000, seed: 1 });
    const limits = Object.fromEntries(given.map((each, index) => [`example.com/r${index}`, each]));
    const container = { name: 'c', image: 'c', resources: { limits } };
    const pod = { apiVersion: 'v1', kind: 'Pod', metadata: { name: 'p' }, spec: { containers: [container] } };
    const written = await writtenByKubectl(pod);
    const ours = given.map((each) => [each, writtenQuantity(each)]);
    const theirs = given.map((each, index) => [each, limitsOf(written)[`example.com/r${index}`]]);
    expect(ours).toEqual(theirs);
  });

  it.each([
    ['v1', 'Pod', 'io.k8s.api.core.v1.Pod'],
    ['v1', 'ReplicationController', 'io.k8s.api.core.v1.ReplicationController'],
    ['apps/v1', 'Deployment', 'io.k8s.api.apps.v1.Deployment'],
    ['apps/v1', 'StatefulSet', 'io.k8s.api.apps.v1.StatefulSet'],
    ['apps/v1', 'DaemonSet', 'io.k8s.api.apps.v1.DaemonSet'],
    ['apps/v1', 'ReplicaSet', 'io.k8s.api.apps.v1.ReplicaSet'],
    ['batch/v1', 'Job', 'io.k8s.api.batch.v1.Job'],
    ['batch/v1', 'CronJob', 'io.k8s.api.batch.v1.CronJob'],
  ])('leaves out of a %s %s what kubectl leaves out', async (apiVersion, kind, type) => {
    const object = { ...Object(hollow(schemaNode(type), 0)), apiVersion, kind };
    const written = withoutHollows(await writtenByKubectl(object));
    const kept = withoutHollows(toWrittenForm(object, schemaNode(type)));
    expect(same === undefined ? commonPart(kept, written) : kept).toEqual(written);
  });
});
