import type { Application, ApplicationSpec } from '@slipway/delivery/api/application';
import type { Release } from '@slipway/delivery/api/release';
import { newRelease } from '@slipway/delivery/new-release';
import { describe, expect, test } from 'vitest';
import { carryVersion } from './carry-version.ts';

function application(spec: ApplicationSpec): Application {
  return { metadata: { name: 'shop', namespace: 'staging', uid: 'u' }, spec };
}

const source = application({
  version: '1.4.0',
  replicas: 2,
  template: { spec: { containers: [{ name: 'web', image: 'shop:1.4.0' }] } },
  service: { ports: [{ port: 80 }] },
  route: { hosts: ['staging.example.org'], paths: ['/shop'], tls: { secretName: 'staging' } },
  strategy: { type: 'blueGreen', blueGreen: { autoPromote: false, previewHosts: ['next.staging.example.org'] } },
  healthCheck: { path: '/health' },
  configuration: { live: ['flags'] },
  history: { limit: 3 },
  dependsOn: ['stock'],
  guardSeconds: 60,
  paused: true,
});
const identity = { template: 'h1:0', configuration: 'h1:0' };
const digest = `sha256:${'1'.repeat(64)}`;
const release: Release = {
  ...newRelease(source, { version: '1.4.0-c2', asked: { identity, frozen: {} }, name: 'shop-1.4.0-c2' }),
  status: { phase: 'Succeeded', images: [{ container: 'web', imageIDs: [`docker.io/library/shop@${digest}`] }] },
};

function carry(existing: ApplicationSpec | undefined, hosts: readonly string[] = []) {
  return carryVersion({ release, source, existing: existing && application(existing), hosts });
}

describe('a version that is carried to another place', () => {
  test('is what the release has, whatever the source asks for by now', () => {
    const changed = application({ ...source.spec, version: '1.5.0', guardSeconds: 1, template: {} });
    const { spec } = carryVersion({ release, source: changed, existing: undefined, hosts: [] });
    expect(spec).toMatchObject({
      version: '1.4.0-c2',
      template: { spec: { containers: [{ name: 'web', image: `shop@${digest}` }] } },
      service: source.spec.service,
      healthCheck: { path: '/health' },
      guardSeconds: 60,
      configuration: { live: ['flags'] },
    });
    expect(spec).not.toHaveProperty('identity');
    expect(spec).not.toHaveProperty('application');
  });

  test('begins there with the size and the history of the source, and not with its hosts', () => {
    const { spec, notes } = carry(undefined);
    expect(spec).toMatchObject({ replicas: 2, history: { limit: 3 }, dependsOn: ['stock'] });
    expect([spec.route, spec.paused]).toEqual([undefined, undefined]);
    expect(spec.strategy).toEqual({ type: 'blueGreen', blueGreen: { autoPromote: false } });
    expect(notes).toEqual([
      'its route is left out, because its hosts belong to the place that it comes from: name others with --host',
      'its previewHosts are left out: they belong to the place that it comes from',
    ]);
  });

  test('gets a route by the hosts that are named, without the certificate of the source', () => {
    expect(carry(undefined, ['shop.example.org']).spec.route).toEqual({
      hosts: ['shop.example.org'],
      paths: ['/shop'],
    });
  });

  test('leaves what belongs to the place as it is there', () => {
    const place: ApplicationSpec = {
      version: '1.3.0',
      replicas: 9,
      route: { hosts: ['shop.example.org'], tls: { secretName: 'production' } },
      strategy: { type: 'blueGreen', blueGreen: { previewHosts: ['next.example.org'] } },
      checks: [{ name: 'errors', provider: { gateway: { metric: 'errors' } }, successWhen: 'value < 1' }],
      history: { limit: 20 },
      deletionPolicy: 'Orphan',
      paused: true,
    };
    const { spec, notes } = carry(place);
    expect(spec).toMatchObject({
      version: '1.4.0-c2',
      replicas: 9,
      route: place.route,
      strategy: { type: 'blueGreen', blueGreen: { autoPromote: false, previewHosts: ['next.example.org'] } },
      history: { limit: 20 },
      deletionPolicy: 'Orphan',
      paused: true,
    });
    expect([spec.dependsOn, spec.checks]).toEqual([undefined, undefined]);
    expect(notes).toEqual([]);
  });
});
