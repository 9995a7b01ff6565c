import type { ContainerStatus, Pod } from '@slipway/kube/api.generated';
import { describe, expect, test } from 'vitest';
import { releaseSpec } from '../testing/records.ts';
import { describeFault, describeMissing } from './pod-faults.ts';
import type { VersionView } from './observation.ts';

const began = Date.UTC(2026, 0, 1);
const probe = { httpGet: { port: 80 } };

function podWith(status: Partial<ContainerStatus>, container: object = {}): Pod {
  const own = { name: 'web', image: 'shop', imageID: '', ready: false, restartCount: 0, ...status };
  return {
    metadata: { name: 'shop-2-x' },
    spec: { containers: [{ name: 'web', image: 'shop', ...container }] },
    status: { containerStatuses: [own] },
  };
}

function ended(exitCode: number, more: object = {}): ContainerStatus['state'] {
  return { terminated: { exitCode, finishedAt: '2026-01-01T00:00:05Z', ...more } };
}

/** The container as one that is started before the others and stays. */
function besideOthers({ metadata, spec, status }: Pod): Pod {
  const initContainers = (spec?.containers ?? []).map((each) => ({ ...each, restartPolicy: 'Always' }));
  return {
    metadata,
    spec: { containers: [{ name: 'main' }], initContainers },
    status: { initContainerStatuses: status?.containerStatuses },
  };
}

const crashing = {
  restartCount: 2,
  state: { waiting: { reason: 'CrashLoopBackOff' } },
  lastState: ended(1),
};

describe('what ends a release at once', () => {
  test.each<[string, Pod, string | undefined]>([
    ['a crash loop', podWith(crashing), 'container web of pod shop-2-x crashes again and again (exit code 1)'],
    ['not a first crash', podWith({ ...crashing, restartCount: 1 }), undefined],
    [
      'a container that used too much memory',
      podWith({ restartCount: 1, lastState: ended(137, { reason: 'OOMKilled' }) }),
      'container web of pod shop-2-x was killed because it used more memory than its limit (OOMKilled)',
    ],
    [
      'a restart by a probe that failed',
      podWith({ restartCount: 1, lastState: ended(143) }, { livenessProbe: probe }),
      'container web of pod shop-2-x was restarted because its liveness or startup probe failed',
    ],
    [
      'a restart by a probe of a container that runs beside the others',
      besideOthers(podWith({ restartCount: 1, lastState: ended(137) }, { livenessProbe: probe })),
      'container web of pod shop-2-x was restarted because its liveness or startup probe failed',
    ],
    ['not a restart of its own accord', podWith({ restartCount: 1, lastState: ended(143) }), undefined],
    [
      'not a crash beside a probe',
      podWith({ restartCount: 1, lastState: ended(1) }, { livenessProbe: probe }),
      undefined,
    ],
    [
      'not what happened before this attempt',
      podWith({ ...crashing, lastState: ended(1, { finishedAt: '2025-12-31T23:59:59Z' }) }),
      undefined,
    ],
  ])('%s', (_, pod, sentence) => {
    expect(describeFault([pod], began)).toBe(sentence);
  });
});

describe('which pods are waited for, and why', () => {
  const release: VersionView['release'] = {
    metadata: { name: 'shop-2' },
    spec: releaseSpec({
      version: '2',
      identity: { template: '', configuration: '' },
      drainSeconds: 1,
      keepFailedSeconds: 1,
    }),
  };
  const view = (pods: readonly Pod[], replicaSet?: VersionView['replicaSet']): VersionView => ({
    release,
    replicaSet,
    pods,
    ready: [],
    backends: [],
    serving: [],
    arriving: [],
    listed: [],
  });

  test.each<[string, VersionView, string]>([
    ['none exists yet', view([]), '0 of 2 pods of version 2 to be ready'],
    [
      'one cannot get its image',
      view([podWith({ state: { waiting: { reason: 'ImagePullBackOff', message: 'no such image' } } })]),
      '0 of 2 pods of version 2 to be ready (pod shop-2-x: container web: image shop cannot be pulled: no such image)',
    ],
    [
      'one runs and its probe has not passed',
      view([podWith({ state: { running: {} } })]),
      '0 of 2 pods of version 2 to be ready (pod shop-2-x: container web runs and is not ready yet)',
    ],
    [
      'one runs and somebody else holds it back',
      view([
        {
          metadata: { name: 'p' },
          status: {
            conditions: [
              { type: 'Ready', status: 'False', message: 'condition of pod readiness gate "lb" is missing' },
            ],
            containerStatuses: [{ name: 'web', image: '', imageID: '', ready: true, restartCount: 0 }],
          },
        },
      ]),
      '0 of 2 pods of version 2 to be ready (pod p: condition of pod readiness gate "lb" is missing)',
    ],
    [
      'no node takes one',
      view([
        {
          metadata: { name: 'p' },
          status: { conditions: [{ type: 'PodScheduled', status: 'False', message: '0/1 nodes are available' }] },
        },
      ]),
      '0 of 2 pods of version 2 to be ready (pod p: no node takes it: 0/1 nodes are available)',
    ],
    [
      'a quota forbids them',
      view([], {
        metadata: {},
        status: { replicas: 0, conditions: [{ type: 'ReplicaFailure', status: 'True', message: 'exceeded quota' }] },
      }),
      '0 of 2 pods of version 2 to be ready (2 cannot be created: exceeded quota)',
    ],
  ])('%s', (_, seen, sentence) => {
    expect(describeMissing(seen, 2)).toBe(sentence);
  });

  test('names three and counts the rest', () => {
    const pods = ['a', 'b', 'c', 'd', 'e'].map((name) => ({ metadata: { name } }));
    expect(describeMissing(view(pods), 5)).toBe(
      '0 of 5 pods of version 2 to be ready (pods a, b, c and 2 more: not started yet)',
    );
  });
});
