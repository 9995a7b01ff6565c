import type { Deployment, ReplicaSet } from '@slipway/kube/api.generated';
import { describe, expect, it } from 'vitest';
import { stepRollingUpdate } from './rolling-update.ts';

const template = { metadata: { labels: { app: 'web' } } };
const selector = { matchLabels: { app: 'web' } };

function deployment(replicas: number, maxUnavailable: string | number, maxSurge: string | number): Deployment {
  return {
    metadata: { name: 'web', uid: 'd' },
    spec: { replicas, selector, template, strategy: { rollingUpdate: { maxUnavailable, maxSurge } } },
  };
}

interface Counts {
  readonly wanted: number;
  readonly present: number;
  readonly available: number;
}

function replicaSet(uid: string, { wanted, present, available }: Counts): ReplicaSet {
  return {
    metadata: { name: `web-${uid}`, uid, creationTimestamp: '2026-01-01T00:00:00Z' },
    spec: { replicas: wanted, selector, template },
    status: { replicas: present, availableReplicas: available },
  };
}

function step(subject: Deployment, old: Counts, newest: Counts): string {
  const next = stepRollingUpdate(subject, { newest: replicaSet('new', newest), old: [replicaSet('old', old)] });
  return [...next.old, next.newest].map((each) => each?.spec?.replicas).join('+');
}

describe('while an old ReplicaSet still reports the pods that it was told to drop', () => {
  const ten = deployment(10, '10%', '50%');
  const three = deployment(3, 1, 1);

  it.each([
    {
      name: 'does not take them for available',
      subject: ten,
      old: { wanted: 2, present: 4, available: 4 },
      newest: { wanted: 10, present: 10, available: 8 },
      next: '1+10',
    },
    {
      name: 'takes as many when they are gone',
      subject: ten,
      old: { wanted: 2, present: 2, available: 2 },
      newest: { wanted: 10, present: 10, available: 8 },
      next: '1+10',
    },
    {
      name: 'does not put others in their place yet',
      subject: three,
      old: { wanted: 2, present: 3, available: 3 },
      newest: { wanted: 1, present: 1, available: 0 },
      next: '2+1',
    },
    {
      name: 'puts others in their place when they are gone',
      subject: three,
      old: { wanted: 2, present: 2, available: 2 },
      newest: { wanted: 1, present: 1, available: 0 },
      next: '2+2',
    },
  ])('$name', ({ subject, old, newest, next }) => {
    expect(step(subject, old, newest)).toBe(next);
  });
});
