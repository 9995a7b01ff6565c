import { describe, expect, test } from 'vitest';
import { describeDeliveries, describeDelivery, describeWebhooks } from './webhooks.ts';

const delivery = {
  id: 'd1',
  receivedAt: '2026-01-01T00:00:00Z',
  requestedBy: 'webhook of github',
  state: 'succeeded',
  message: 'ghcr.io/acme/shop:1.4.0 goes to shop',
  events: [{ type: 'image', repository: 'ghcr.io/acme/shop', tag: '1.4.0' }],
  results: [{ kind: 'Application', namespace: 'default', name: 'shop', outcome: 'released', release: 'shop-1.4.0' }],
};

describe('webhooks as text', () => {
  test('have a line for each rule', () => {
    const images = [
      { repository: 'ghcr.io/acme/shop', policy: { semver: '^1.4.0' }, namespaces: ['default', 'test'] },
      { repository: 'ghcr.io/acme/bank', policy: { digestOf: 'stable' }, namespaces: ['bank'] },
    ];
    const manifests = {
      repository: 'https://git.example.org/m.git',
      branch: 'main',
      directory: '.',
      namespaces: ['a'],
    };
    const described = describeWebhooks([
      { id: 'w1', name: 'images', sender: 'github', hasCredentials: false, target: { images } },
      { id: 'w2', name: 'production', sender: 'gitea', hasCredentials: true, target: { manifests } },
      { id: 'w3', name: 'old', sender: 'quay', target: {} },
    ]);
    expect(described.split('\n')).toEqual([
      'NAME         ID   SENDER   CREDENTIALS   RULE                                   NAMESPACES',
      'images       w1   github   no            ghcr.io/acme/shop semver ^1.4.0        default, test',
      '                                         ghcr.io/acme/bank digestOf stable      bank',
      'production   w2   gitea    yes           https://git.example.org/m.git main .   a',
      'old          w3   quay     unknown       none',
    ]);
    expect(describeWebhooks([])).toBe('There are no webhooks.');
  });

  test('say what came and what came of it', () => {
    const now = Date.parse('2026-01-01T00:05:00Z');
    expect(describeDeliveries([delivery], now).split('\n')[1]).toBe(
      'd1   5m ago   succeeded   ghcr.io/acme/shop:1.4.0   ghcr.io/acme/shop:1.4.0 goes to shop',
    );
    expect(describeDelivery(delivery)).toContain('Application default/shop: released, release shop-1.4.0');
  });
});
