import { describe, expect, it } from 'vitest';
import { describeEvent, describeTarget, readWebhook } from './webhook-form.ts';

function filled(...fields: ReadonlyArray<readonly [string, string]>): FormData {
  const data = new FormData();
  for (const [name, value] of fields) data.append(name, value);
  return data;
}

describe('a webhook', () => {
  it('is read with a rule for each repository', () => {
    const data = filled(
      ['name', ' images '],
      ['sender', 'github'],
      ['target', 'images'],
      ['repository', 'ghcr.io/acme/shop'],
      ['policy', 'semver'],
      ['value', '^1.4.0'],
      ['namespaces', 'shop, bank'],
      ['applications', ''],
      ['repository', 'ghcr.io/acme/cart'],
      ['policy', 'digestOf'],
      ['value', 'stable'],
      ['namespaces', 'shop'],
      ['applications', 'cart basket'],
    );
    expect(readWebhook(data)).toEqual({
      name: 'images',
      sender: 'github',
      target: {
        images: [
          { repository: 'ghcr.io/acme/shop', policy: { semver: '^1.4.0' }, namespaces: ['shop', 'bank'] },
          {
            repository: 'ghcr.io/acme/cart',
            policy: { digestOf: 'stable' },
            namespaces: ['shop'],
            applications: ['cart', 'basket'],
          },
        ],
      },
    });
  });

  it('is read with the repository of its manifests, and who may fetch them', () => {
    const data = filled(
      ['name', 'production'],
      ['sender', 'gitea'],
      ['target', 'manifests'],
      ['repository', 'https://git.example.org/acme/manifests.git'],
      ['branch', 'main'],
      ['directory', ''],
      ['namespaces', 'shop'],
      ['force', 'on'],
      ['prune', 'on'],
      ['username', 'robot'],
      ['password', 'sesame'],
    );
    expect(readWebhook(data)).toEqual({
      name: 'production',
      sender: 'gitea',
      target: {
        manifests: {
          repository: 'https://git.example.org/acme/manifests.git',
          branch: 'main',
          directory: '.',
          namespaces: ['shop'],
          force: true,
          prune: true,
        },
      },
      credentials: { username: 'robot', password: 'sesame' },
    });
  });

  it('says in a sentence what each rule takes', () => {
    const namespaces = ['shop'];
    expect(
      describeTarget({
        images: [
          { repository: 'a', policy: { semver: '^1' }, namespaces },
          { repository: 'b', policy: { pattern: 'prod-*' }, namespaces, applications: ['cart'] },
          { repository: 'c', policy: { digestOf: 'stable' }, namespaces },
        ],
      }),
    ).toEqual([
      'a: newer versions of ^1, in shop',
      'b: tags like prod-* for cart, in shop',
      'c: what stable leads to, in shop',
    ]);
    expect(describeTarget({ manifests: { repository: 'r', branch: 'main', directory: '.', namespaces } })).toEqual([
      'r: . of main, into shop',
    ]);
    expect(
      describeTarget({ manifests: { repository: 'r', branch: 'main', directory: '.', namespaces, prune: true } }),
    ).toEqual(['r: . of main, into shop, removing what is gone']);
  });

  it('names what was pushed', () => {
    expect(describeEvent({ type: 'image', repository: 'a', tag: '1' })).toBe('a:1');
    const commit = '3f2a51c0ffee';
    expect(describeEvent({ type: 'commit', repository: 'a/b', branch: 'main', commit })).toBe('a/b main 3f2a51c');
  });
});
