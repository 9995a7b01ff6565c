import { describe, expect, test } from 'vitest';
import type { Application } from './api/application.ts';
import type { Release, ReleasePhase } from './api/release.ts';
import { stableRelease, withEnd, withServing } from './current-releases.ts';
import { annotations } from './names.ts';
import type { Observation } from './observation.ts';

function release(version: string, phase: ReleasePhase, second?: number): Release {
  const finishedAt = second === undefined ? undefined : `2026-01-01T00:00:0${second}.000000Z`;
  const spec = { version, application: 'shop', identity: { template: `h1:${version}`, configuration: 'h1:' } };
  return { metadata: { name: `shop-${version}` }, spec, status: { phase, finishedAt } } as Release;
}

function observe(serving: string | undefined, releases: readonly Release[]): Observation {
  const status = serving === undefined ? {} : { serving: { version: serving, release: `shop-${serving}`, hash: '' } };
  const application = { metadata: { name: 'shop' }, spec: {}, status } as Application;
  return { application, releases } as Pick<Observation, 'application' | 'releases'> as Observation;
}

describe('the version that serves', () => {
  test.each([
    {
      name: 'is the one that succeeded, though the status does not name it yet',
      serving: undefined,
      releases: [release('1', 'Succeeded', 1)],
      expected: '1',
    },
    {
      name: 'is the one that succeeded last, though the status still names the one before',
      serving: '1',
      releases: [release('1', 'Succeeded', 1), release('2', 'Succeeded', 2)],
      expected: '2',
    },
    {
      name: 'is the one that was gone back to, though it is older',
      serving: '2',
      releases: [release('1', 'Succeeded', 3), release('2', 'Succeeded', 2)],
      expected: '1',
    },
    {
      name: 'stays while another is on its way',
      serving: '1',
      releases: [release('1', 'Succeeded', 1), release('2', 'Guarding')],
      expected: '1',
    },
    {
      name: 'stays when another was rolled back',
      serving: '1',
      releases: [release('1', 'Succeeded', 1), release('2', 'RolledBack', 2)],
      expected: '1',
    },
    {
      name: 'is none before the first has succeeded',
      serving: undefined,
      releases: [release('1', 'Guarding')],
      expected: undefined,
    },
    {
      name: 'is none that is known when its record was deleted',
      serving: '2',
      releases: [release('1', 'Succeeded', 1)],
      expected: undefined,
    },
  ])('$name', ({ serving, releases, expected }) => {
    expect(stableRelease(withServing(observe(serving, releases)))?.spec.version).toBe(expected);
  });

  test.each([
    { name: 'is what took over from a version without a record', servedUntil: undefined, expected: '2' },
    { name: 'is the one without a record, where that took over last', servedUntil: 'then', expected: '1' },
  ])('$name', ({ servedUntil, expected }) => {
    const one = release('1', 'Succeeded', 9);
    const lost = { ...one, metadata: { ...one.metadata, annotations: { [annotations.lost]: 'true' } } };
    const two = release('2', 'Succeeded', 2);
    const status = { phase: 'Succeeded', finishedAt: two.status?.finishedAt, servedUntil } as const;
    const seen = observe('1', [lost, { ...two, status }]);
    expect(stableRelease(withServing(seen))?.spec.version).toBe(expected);
  });

  test('has ended its release, though only the status of the Application says so yet', () => {
    const seen = observe('2', [release('1', 'Succeeded', 1), release('2', 'Guarding')]);
    const [first, second] = withEnd(seen, Date.UTC(2026, 0, 1)).releases;
    expect([first?.status?.phase, second?.status?.phase]).toEqual(['Succeeded', 'Succeeded']);
  });

  test('is named as the status would', () => {
    const { application } = withServing(observe(undefined, [release('1', 'Succeeded', 1)]));
    expect(application.status?.serving).toEqual({ version: '1', release: 'shop-1', hash: 'h1:1' });
  });
});
