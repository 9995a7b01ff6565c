import type { Application } from '@slipway/delivery/api/application';
import type { Release } from '@slipway/delivery/api/release';
import { expect, test } from 'vitest';
import { summarizeApplication } from './application-summary.ts';

const application: Application = {
  metadata: { namespace: 'default', name: 'shop' },
  spec: {},
  status: { serving: { version: '1.0', release: 'shop-1.0', hash: 'h' }, candidate: 'shop-2.0', phase: 'Progressing' },
};

function release(version: string, status: Partial<NonNullable<Release['status']>>): Release {
  const name = `shop-${version}`;
  const spec = { application: 'shop', version } as Release['spec'];
  return { metadata: { namespace: 'default', name }, spec, status: { phase: 'Succeeded', ...status } };
}

test('shares are told by version, as releases are named otherwise', () => {
  const split = { weights: { 'shop-1.0': 75, 'shop-2.0': 25 }, confirmed: true };
  const releases = [release('1.0', {}), release('2.0', { phase: 'Progressing', split })];
  expect(summarizeApplication(application, releases).split).toEqual({ '1.0': 75, '2.0': 25 });
});

test('what serves has all of it until the release under way divides something', () => {
  const releases = [
    release('1.0', {}),
    release('2.0', { phase: 'Progressing', split: { weights: {}, confirmed: false } }),
  ];
  expect(summarizeApplication(application, releases).split).toEqual({ '1.0': 100 });
});
