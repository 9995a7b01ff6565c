import { RequestCounts } from '@slipway/kube/metered-transport';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { releaseSpec } from '../../testing/records.ts';
import { FakeClock } from '../../../kube/testing/fake-clock.ts';
import type { Application } from '../api/application.ts';
import type { Release, ReleaseStatus } from '../api/release.ts';
import { startAdminServer, type AdminServer } from './admin-server.ts';
import { DeliveryMetrics } from './delivery-metrics.ts';
import { waitingReason } from './waiting-reason.ts';

const clock = new FakeClock(Date.parse('2026-01-01T00:01:00Z'));
const condition = { type: 'Synced', status: 'False', reason: 'NameConflict', message: 'two of them' } as const;
const application: Application = {
  metadata: { namespace: 'default', name: 'shop' },
  spec: {},
  status: { conditions: [{ ...condition, lastTransitionTime: '2026-01-01T00:00:00Z' }] },
};

function release(version: string, status: ReleaseStatus): Release {
  return {
    metadata: { namespace: 'default', name: `shop-${version}` },
    spec: releaseSpec({
      applicationUid: 'uid',
      version,
      identity: { template: 'a', configuration: 'b' },
      strategy: { type: 'rolling' },
    }),
    status,
  };
}

const ended = release('1', { phase: 'Succeeded', transitions: [{ phase: 'Succeeded', at: '2026-01-01T00:00:10Z' }] });
const underWay = release('2', {
  phase: 'Progressing',
  waitingFor: '1 of 3 pods to be ready',
  replicas: { desired: 3, ready: 2, serving: 0 },
  transitions: [{ phase: 'Progressing', at: '2026-01-01T00:00:30Z' }],
});

let metrics: DeliveryMetrics;
let requests: RequestCounts;

beforeEach(() => {
  requests = new RequestCounts();
  metrics = new DeliveryMetrics(requests);
});

function lead({ hasSynced = true } = {}): () => void {
  return metrics.lead({
    applications: () => [application],
    releases: () => [underWay, ended],
    queueLength: () => 7,
    hasSynced: () => hasSynced,
  });
}

/** The samples, without what describes them. */
async function samples(): Promise<readonly string[]> {
  const { text } = await metrics.format(clock.now());
  const lines = text.split('\n');
  return lines.filter((line) => line !== '' && !line.startsWith('#'));
}

describe('the metrics of a controller', () => {
  test('tell of each Application its phase, since when, what it waits for, and its conditions', async () => {
    lead();
    const of = 'namespace="default",application="shop"';
    expect((await samples()).filter((line) => line.startsWith('slipway_application_'))).toEqual([
      `slipway_application_phase{${of},version="2",phase="Progressing"} 1`,
      `slipway_application_phase_seconds{${of}} 30`,
      `slipway_application_waiting{${of},reason="Pods"} 1`,
      `slipway_application_condition{${of},type="Synced",reason="NameConflict"} 0`,
    ]);
    expect(await samples()).toContain('slipway_controller_queue_length 7');
  });

  test('tell nothing of Applications while another one leads', async () => {
    const hide = lead();
    expect(await samples()).toContain('slipway_controller_leader 1');
    hide();
    expect(await samples()).toContain('slipway_controller_leader 0');
    expect((await samples()).filter((line) => line.startsWith('slipway_application_'))).toEqual([]);
  });

  test('count looks by how they went, and how long they took', async () => {
    metrics.noteLook({ outcome: 'done', milliseconds: 3 });
    metrics.noteLook({ outcome: 'failed', milliseconds: 30 });
    expect(await samples()).toEqual(
      expect.arrayContaining([
        'slipway_controller_looks_total{outcome="done"} 1',
        'slipway_controller_looks_total{outcome="failed"} 1',
        'slipway_controller_look_duration_seconds_bucket{le="0.005"} 1',
        'slipway_controller_look_duration_seconds_bucket{le="0.1"} 2',
        'slipway_controller_look_duration_seconds_bucket{le="+Inf"} 2',
        'slipway_controller_look_duration_seconds_sum 0.033',
        'slipway_controller_look_duration_seconds_count 2',
      ]),
    );
  });

  test('count requests by what they asked and how they were answered', async () => {
    requests.note({ verb: 'list', group: 'apps', resource: 'replicasets' }, '200');
    requests.note({ verb: 'list', group: 'apps', resource: 'replicasets' }, '200');
    requests.note({ verb: 'list', group: 'apps', resource: 'replicasets' }, 'none');
    expect((await samples()).filter((line) => line.startsWith('slipway_api_requests_total'))).toEqual([
      'slipway_api_requests_total{verb="list",group="apps",resource="replicasets",code="200"} 2',
      'slipway_api_requests_total{verb="list",group="apps",resource="replicasets",code="none"} 1',
    ]);
  });
});

describe('what a release waits for', () => {
  const waits = { phase: 'Progressing', waitingFor: 'something' } as const;
  const open = { name: 'health', attempt: 1, startedAt: '2026-01-01T00:00:00Z' };

  test.each<[string, ReleaseStatus, string | undefined]>([
    ['nothing', { phase: 'Progressing' }, undefined],
    ['a person', { phase: 'Paused' }, 'Person'],
    ['the end of its guard', { ...waits, phase: 'Guarding' }, 'Guard'],
    ['pods', { ...waits, replicas: { desired: 2, ready: 1, serving: 0 }, gates: [open] }, 'Pods'],
    ['its health', { ...waits, gates: [open], split: { weights: {}, confirmed: false } }, 'HealthGate'],
    ['gateways', { ...waits, split: { weights: {}, confirmed: false } }, 'TrafficConfirmation'],
    ['the time of a step', { ...waits, stepSince: '2026-01-01T00:00:00Z' }, 'StepTime'],
    ['something else', waits, 'Progress'],
  ])('is named in one word: %s', (_, status, expected) => {
    expect(waitingReason(status)).toBe(expected);
  });
});

describe('the admin server of a controller', () => {
  let server: AdminServer;
  let trouble: string | undefined;

  beforeEach(async () => {
    trouble = undefined;
    server = await startAdminServer({ host: '127.0.0.1', port: 0, clock, metrics, trouble: () => trouble });
  });
  afterEach(() => server.close());

  async function ask(path: string): Promise<string> {
    const response = await fetch(`http://127.0.0.1:${server.port}${path}`);
    return `${response.status} ${(await response.text()).trim()}`;
  }

  test('lives whatever is wrong, and is ready when it could act', async () => {
    expect([await ask('/livez'), await ask('/readyz')]).toEqual(['200 ok', '200 ok']);
    trouble = 'the API server is away';
    expect([await ask('/livez'), await ask('/readyz')]).toEqual(['200 ok', '503 not ready: the API server is away']);
    trouble = undefined;
    lead({ hasSynced: false });
    expect(await ask('/readyz')).toBe('503 not ready: the caches are not filled yet');
  });

  test('gives the metrics, and nothing else', async () => {
    expect(await ask('/metrics')).toContain('# TYPE slipway_controller_leader gauge');
    expect(await ask('/')).toBe('404 there are /metrics, /livez and /readyz');
  });
});
