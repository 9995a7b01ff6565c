/** The kinds beside Application, each field wrong as it typically is: refused on `kubectl apply`, and the answer names it. */
import type { ResourceType } from '@slipway/kube/object';
import { splits } from '@slipway/kube/split';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { createMemoryCluster, type MemoryCluster } from '../../../cluster/testing/memory-cluster.ts';
import { releaseApprovals } from '../api/release-approval.ts';
import { releaseCommands } from '../api/release-command.ts';
import { releaseGroups } from '../api/release-group.ts';
import { installKinds } from '../install-kinds.ts';

let cluster: MemoryCluster;

beforeAll(async () => {
  cluster = await createMemoryCluster();
  await installKinds(cluster.client, new AbortController().signal);
});
afterAll(() => cluster.close());

async function answer(type: ResourceType, spec: object): Promise<string> {
  const { group, version, kind } = type;
  const record = { apiVersion: `${group}/${version}`, kind, metadata: { name: 'r', namespace: 'default' }, spec };
  return cluster.client.create(type, record, { dryRun: true, fieldValidation: 'Strict' }).then(
    () => 'accepted',
    (error: unknown) => (error instanceof Error ? error.message : 'no error'),
  );
}

type Row = readonly [name: string, spec: object, said: string];

const asked = { application: 'shop', verb: 'abort' };
const commandRows: readonly Row[] = [
  ['for no Application', { verb: 'abort' }, 'spec.application: Required value'],
  ['for an Application of no name that can be', { ...asked, application: 'A_b' }, 'spec.application'],
  ['without a verb', { application: 'shop' }, 'spec.verb: Required value'],
  ['with a verb that there is none of', { ...asked, verb: 'yolo' }, 'spec.verb: Unsupported value'],
  ['with a version for what has none', { ...asked, version: '1' }, 'only rollback names a version'],
  ['with no version', { ...asked, verb: 'rollback', version: '' }, 'spec.version'],
  [
    'with a version that is a number',
    { ...asked, verb: 'rollback', version: 1 },
    'spec.version in body must be of type',
  ],
  ['with a version that is too long', { ...asked, verb: 'rollback', version: 'x'.repeat(80) }, 'spec.version'],
  ['with a reason without end', { ...asked, reason: 'x'.repeat(1_025) }, 'spec.reason'],
  ['from somebody without end', { ...asked, requestedBy: 'x'.repeat(254) }, 'spec.requestedBy'],
  ['with a field that there is none of', { ...asked, force: true }, 'unknown field "spec.force"'],
];

const agreed = { application: 'shop', release: 'shop-1', hook: 'sign-off' };
const approvalRows: readonly Row[] = [
  ['for no Application', { ...agreed, application: undefined }, 'spec.application: Required value'],
  ['for an Application of no name that can be', { ...agreed, application: 'A_b' }, 'spec.application'],
  ['for no release', { ...agreed, release: '' }, 'spec.release'],
  ['for a release of no name that can be', { ...agreed, release: 'Shop 1' }, 'spec.release'],
  ['for no hook', { ...agreed, hook: undefined }, 'spec.hook: Required value'],
  ['for a hook of no name that can be', { ...agreed, hook: 'Sign off' }, 'spec.hook'],
  ['with a reason without end', { ...agreed, reason: 'x'.repeat(513) }, 'spec.reason'],
  ['from somebody without end', { ...agreed, approvedBy: 'x'.repeat(254) }, 'spec.approvedBy'],
];

const groupRows: readonly Row[] = [
  ['of nobody', { members: [] }, 'spec.members'],
  ['without members', {}, 'spec.members: Required value'],
  ['with one twice', { members: ['a', 'b', 'a'] }, 'spec.members[2]: Duplicate value'],
  ['with one of no name', { members: [''] }, 'spec.members[0]'],
  ['with one of no name that can be', { members: ['A_b'] }, 'spec.members[0]'],
  ['with members in words', { members: 'all' }, 'spec.members in body must be of type array'],
  ['of too many', { members: Array.from({ length: 65 }, (_, index) => `a${index}`) }, 'spec.members'],
  ['that goes back in words', { members: ['a'], abortTogether: 'yes' }, 'spec.abortTogether in body must be'],
];

const backend = { service: 'shop-1', port: 80, version: '1', weight: 100 };
const rule = { hosts: ['a'], paths: ['/'], backends: [backend] };
const ruled = (more: object): object => ({ application: 'shop', rules: [{ ...rule, ...more }] });
const splitRows: readonly Row[] = [
  ['of no Application', { rules: [rule] }, 'spec.application: Required value'],
  ['without rules', { application: 'shop' }, 'spec.rules: Required value'],
  ['with more than all', ruled({ backends: [{ ...backend, weight: 101 }] }), 'spec.rules[0].backends[0].weight'],
  ['with half a percent', ruled({ backends: [{ ...backend, weight: 0.5 }] }), 'weight in body must be of type integer'],
  ['to no port', ruled({ backends: [{ ...backend, port: undefined }] }), 'spec.rules[0].backends[0].port: Required'],
  ['with copies of nothing', ruled({ mirror: { ...backend, percent: 0 } }), 'spec.rules[0].mirror'],
  ['that holds for less than no time', ruled({ hold: { seconds: -1 } }), 'spec.rules[0].hold.seconds'],
  ['with a cookie of no name that can be', ruled({ sticky: { cookie: 'a b', seconds: 1 } }), 'sticky.cookie'],
  [
    'with sessions that are over at once',
    ruled({ sessions: { cookie: 'a', idleSeconds: 0, secretName: 's' } }),
    'idleSeconds',
  ],
  ['through nobody knows what', { ...ruled({}), through: 'nginx' }, 'spec.through: Unsupported value'],
  ['that drains for less than no time', { ...ruled({}), drainSeconds: -1 }, 'spec.drainSeconds'],
];

describe.each([
  {
    type: releaseCommands,
    rows: commandRows,
    right: { ...asked, verb: 'rollback', version: '1.4.0+a', reason: 'slow' },
  },
  { type: releaseApprovals, rows: approvalRows, right: { ...agreed, reason: 'read', approvedBy: 'ann' } },
  { type: releaseGroups, rows: groupRows, right: { members: ['a', 'b'], abortTogether: true } },
  { type: splits, rows: splitRows, right: { ...ruled({ hold: { seconds: 0 } }), through: 'istio' } },
])('a $type.kind', ({ type, rows, right }) => {
  test.each(rows)('%s is refused', async (_, spec, said) => {
    expect(await answer(type, spec)).toContain(said);
  });

  test('that is right is accepted', async () => {
    expect(await answer(type, right)).toBe('accepted');
  });

  test('is told of all that is wrong at once', async () => {
    const said = await answer(type, {});
    const required: readonly string[] = type === releaseGroups ? ['members'] : ['application'];
    for (const field of required) expect(said).toContain(`spec.${field}: Required value`);
  });
});
