import type { KubeObject } from '@slipway/kube/object';
import { expect, it } from 'vitest';
import { judgeGone } from './judge-gone.ts';

const manager = 'slipway-webhook-a';
const applied = (...managers: readonly string[]): KubeObject => ({
  metadata: { name: 'a', managedFields: managers.map((manager) => ({ manager, operation: 'Apply' })) },
});
const own = applied(manager);
const status = { manager: 'a-controller', operation: 'Apply', subresource: 'status' };

it.each([
  { name: 'removes what it has applied alone', live: own, verdict: 'remove' },
  { name: 'leaves all of it where it was not told to remove', live: own, isPruned: false, verdict: 'keep' },
  { name: 'forgets what is not there', live: undefined, verdict: 'forget' },
  { name: 'forgets what somebody else has made since', live: applied('kubectl'), verdict: 'forget' },
  { name: 'leaves what somebody else applies too', live: applied(manager, 'kubectl'), verdict: 'keep' },
  {
    name: 'removes what others have only told the status of',
    live: { metadata: { ...own.metadata, managedFields: [...(own.metadata.managedFields ?? []), status] } },
    verdict: 'remove',
  },
  { name: 'leaves what another webhook applies by now', live: applied(manager, 'slipway-webhook-b'), verdict: 'keep' },
  {
    name: 'leaves what only has fields that somebody has updated',
    live: { metadata: { managedFields: [{ manager, operation: 'Update' }] } },
    verdict: 'forget',
  },
  {
    name: 'forgets what goes already',
    live: { metadata: { ...own.metadata, deletionTimestamp: '2026-01-01T00:00:00Z' } },
    verdict: 'forget',
  },
  {
    name: 'leaves what says that it stays',
    live: { metadata: { ...own.metadata, annotations: { 'slipway.dev/prune': 'false' } } },
    verdict: 'keep',
  },
])('$name', ({ live, verdict, isPruned = true }) => {
  expect(judgeGone(live, { manager, isPruned }).type).toBe(verdict);
});
