import type { PodSpec } from '@slipway/kube/api.generated';
import { expect, it } from 'vitest';
import { checkPodChanges } from './pod-changes.ts';

const toleration = { key: 'a', operator: 'Exists', effect: 'NoExecute' } as const;
const [tolerations, deadline] = ['spec.tolerations', 'spec.activeDeadlineSeconds'];

it.each<{ name: string; old: Partial<PodSpec>; spec: Partial<PodSpec>; faults: readonly string[] }>([
  {
    name: 'says nothing of what stays',
    old: { tolerations: [toleration] },
    spec: { tolerations: [toleration] },
    faults: [],
  },
  {
    name: 'lets tolerations come, and change how long they hold',
    old: { tolerations: [toleration] },
    spec: {
      tolerations: [
        { key: 'b', operator: 'Exists' },
        { ...toleration, tolerationSeconds: 7 },
      ],
    },
    faults: [],
  },
  {
    name: 'lets no toleration go',
    old: { tolerations: [toleration] },
    spec: { tolerations: [] },
    faults: [tolerations],
  },
  {
    name: 'lets no toleration change',
    old: { tolerations: [toleration] },
    spec: { tolerations: [{ ...toleration, effect: 'NoSchedule' }] },
    faults: [tolerations],
  },
  { name: 'lets a deadline be set', old: {}, spec: { activeDeadlineSeconds: 5 }, faults: [] },
  {
    name: 'lets a deadline come nearer',
    old: { activeDeadlineSeconds: 5 },
    spec: { activeDeadlineSeconds: 4 },
    faults: [],
  },
  {
    name: 'puts no deadline off',
    old: { activeDeadlineSeconds: 5 },
    spec: { activeDeadlineSeconds: 6 },
    faults: [deadline],
  },
  { name: 'takes no deadline away', old: { activeDeadlineSeconds: 5 }, spec: {}, faults: [deadline] },
])('$name', ({ old, spec, faults }) => {
  const podOf = (given: Partial<PodSpec>) => ({ metadata: { name: 'p' }, spec: { containers: [], ...given } });
  expect(checkPodChanges(podOf(spec), podOf(old)).map(({ field }) => field)).toEqual(faults);
});
