import type { Application } from '@slipway/delivery/api/application';
import type { Release } from '@slipway/delivery/api/release';
import { describe, expect, it } from 'vitest';
import { releaseSpec } from '../../../delivery/testing/records.ts';
import { describeApplication, describeRelease, describeReleases } from './description.ts';

const now = Date.parse('2026-01-01T12:00:00Z');

const application: Application = {
  metadata: { namespace: 'default', name: 'shop' },
  spec: { replicas: 3 },
  status: {
    phase: 'Stable',
    serving: { version: '1', release: 'shop-1', hash: 'h' },
    readyReplicas: 2,
    waitingFor: 'version 2 was refused',
    refused: [
      { version: '2', hash: 'h', by: 'health', at: '2026-01-01T11:59:00Z', reason: 'not healthy', generation: 2 },
    ],
    conditions: [
      {
        type: 'Synced',
        status: 'False',
        lastTransitionTime: '2026-01-01T11:59:00Z',
        reason: 'VersionRefused',
        message: 'version 2 was refused',
      },
    ],
  },
};

function release(version: string, status: Partial<Release['status']>): Release {
  return {
    metadata: { namespace: 'default', name: `shop-${version}` },
    spec: releaseSpec({ version, identity: { template: 't', configuration: 'c' }, strategy: { type: 'rolling' } }),
    status: { phase: 'Progressing', ...status },
  };
}

describe('describeApplication', () => {
  it('says which versions have sessions, and where nobody knows how many', () => {
    const sessions = [
      { version: '2', release: 'shop-2', count: 90, pods: 3 },
      { version: '1', release: 'shop-1', pods: 1 },
    ];
    const lines = describeApplication({ ...application, status: { sessions } }, now);
    expect(lines.slice(lines.indexOf('Sessions'))).toEqual([
      'Sessions',
      '  VERSION   SESSIONS   PODS   RELEASE',
      '  2         90         3      shop-2',
      '  1         unknown    1      shop-1',
    ]);
  });

  it('says what serves, what was refused, and nothing twice', () => {
    expect(describeApplication(application, now).join('\n')).toBe(`\
Application   default/shop
Phase         Stable
Serving       version 1 (release shop-1)
Candidate     -
Replicas      2 of 3 ready
Waiting for   version 2 was refused

Refused
  VERSION   AGE   BY       REASON
  2         60s   health   not healthy

Conditions
  TYPE     STATUS   AGE   REASON           MESSAGE
  Synced   False    60s   VersionRefused`);
  });

  it('calls nothing refused whose refusal was taken back', () => {
    const refused = application.status?.refused?.map((each) => ({ ...each, lifted: true }));
    const lines = describeApplication({ ...application, status: { ...application.status, refused } }, now);
    expect(lines).not.toContain('Refused');
  });

  it('calls serving what has the traffic, while the guard watches', () => {
    const status = { ...application.status, phase: 'Guarding' as const, candidate: 'shop-2' };
    const lines = describeApplication({ ...application, status }, now);
    expect(lines).toContain('Serving       release shop-2, which the guard watches');
    expect(lines).toContain('Stands by     version 1 (release shop-1)');
  });

  it('has something to say of one that the controller has not seen', () => {
    const { status: _, ...unseen } = application;
    expect(describeApplication(unseen, now)).toContain('Serving       (nothing yet)');
  });
});

describe('describeRelease', () => {
  it('says how long it waits, and leaves out what there is not', () => {
    const waiting = release('2', {
      waitingFor: '1 of 3 pods to be ready',
      waitingSince: '2026-01-01T11:57:00Z',
      step: '1 of 4: setWeight 10',
      previous: 'shop-1',
      split: { weights: { 'shop-1': 90, 'shop-2': 10 }, confirmed: true },
    });
    expect(describeRelease(waiting, now).join('\n')).toBe(`\
Release       default/shop-2
Version       2 of shop, by rolling
Previous      shop-1
Phase         Progressing
Step          1 of 4: setWeight 10
Waiting for   1 of 3 pods to be ready (for 3m)
Split         shop-1 90 %, shop-2 10 %`);
  });
});

describe('describeReleases', () => {
  it('lists the newest first, with what each took and why it ended', () => {
    const one = release('1', {
      phase: 'Succeeded',
      startedAt: '2026-01-01T11:00:00Z',
      finishedAt: '2026-01-01T11:00:05Z',
    });
    const two = release('2', {
      phase: 'RollingBack',
      startedAt: '2026-01-01T11:30:00Z',
      ending: { phase: 'RolledBack', by: 'health', reason: 'not healthy' },
    });
    expect(describeReleases([one, two], now).split('\n')).toEqual([
      'VERSION   PHASE         STRATEGY   AGE   TOOK   REASON',
      '2         RollingBack   rolling    30m   -      not healthy',
      '1         Succeeded     rolling    60m   5s',
    ]);
  });

  it('knows the order of one that was adopted, one that began in the same second, and one that waits', () => {
    const created = (version: string, status: Partial<Release['status']>): Release => {
      const known = release(version, status);
      return { ...known, metadata: { ...known.metadata, creationTimestamp: '2026-01-01T11:00:05Z' } };
    };
    const all = [
      created('1', { phase: 'Succeeded' }),
      created('2', { startedAt: '2026-01-01T11:00:05.250000Z' }),
      created('3', { phase: 'Pending' }),
    ];
    const lines = describeReleases(all, now).split('\n').slice(1);
    expect(lines.map((line) => line.slice(0, 1))).toEqual(['3', '2', '1']);
  });

  it('says what one that is under way waits for', () => {
    const under = release('3', { phase: 'Guarding', waitingFor: 'the guard to end' });
    expect(describeReleases([under], now)).toContain('waits for the guard to end');
  });
});
