import { describe, expect, it } from 'vitest';
import { describeCredentials, describeEvent, describeTarget, readWebhook } from './webhook-form.ts';

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
      ['allowAddresses', '10.1.0.0/16'],
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
          allowAddresses: ['10.1.0.0/16'],
        },
      },
      credentials: { username: 'robot', password: 'sesame' },
    });
  });

  it('is read with what a registry is asked with, of the rules that ask one', () => {
    const data = filled(
      ['name', 'images'],
      ['sender', 'quay'],
      ['target', 'images'],
      ['repository', 'quay.io/acme/cart'],
      ['policy', 'semver'],
      ['value', '^1'],
      ['namespaces', 'shop'],
      ['applications', ''],
      ['allowAddresses', ''],
      ['repository', 'quay.example.org/acme/shop'],
      ['policy', 'digestOf'],
      ['value', 'stable'],
      ['namespaces', 'shop'],
      ['applications', ''],
      ['allowAddresses', '10.1.0.0/16, fd00::/8'],
      ['username', 'acme+robot'],
      ['password', 'sesame'],
    );
    expect(readWebhook(data)).toEqual({
      name: 'images',
      sender: 'quay',
      target: {
        images: [
          { repository: 'quay.io/acme/cart', policy: { semver: '^1' }, namespaces: ['shop'] },
          {
            repository: 'quay.example.org/acme/shop',
            policy: { digestOf: 'stable' },
            namespaces: ['shop'],
            allowAddresses: ['10.1.0.0/16', 'fd00::/8'],
          },
        ],
      },
      credentials: { username: 'acme+robot', password: 'sesame' },
    });
  });

  const namespaces = ['shop'];
  const manifests = { repository: 'r', branch: 'main', directory: '.', namespaces };
  const asking = [
    { repository: 'a', policy: { semver: '^1' }, namespaces },
    { repository: 'b', policy: { digestOf: 'stable' }, namespaces },
  ];
  it.each([
    { target: { manifests }, hasCredentials: true, words: 'with credentials for its repository' },
    { target: { manifests }, hasCredentials: false, words: 'without credentials for its repository' },
    { target: { images: asking }, hasCredentials: true, words: 'with credentials for its registry' },
    { target: { images: asking }, hasCredentials: false, words: 'without credentials for its registry' },
    { target: { images: asking.slice(0, 1) }, hasCredentials: false, words: undefined },
  ])('is said to be $words', ({ words, ...webhook }) => {
    expect(describeCredentials(webhook)).toBe(words);
  });

  it('says in a sentence what each rule takes', () => {
    expect(
      describeTarget({
        images: [
          { repository: 'a', policy: { semver: '^1' }, namespaces },
          { repository: 'b', policy: { pattern: 'prod-*' }, namespaces, applications: ['cart'] },
          { repository: 'c', policy: { digestOf: 'stable' }, namespaces },
          { repository: 'd', policy: { digestOf: 'a' }, namespaces, allowAddresses: ['10.1.0.0/16', 'fd00::/8'] },
        ],
      }),
    ).toEqual([
      'a: newer versions of ^1, in shop',
      'b: tags like prod-* for cart, in shop',
      'c: what stable leads to, in shop',
      'd: what a leads to, in shop; its registry may be in 10.1.0.0/16, fd00::/8',
    ]);
    expect(describeTarget({ manifests })).toEqual(['r: . of main, into shop']);
    expect(describeTarget({ manifests: { ...manifests, prune: true, allowAddresses: ['10.1.0.0/16'] } })).toEqual([
      'r: . of main, into shop, removing what is gone; its repository may be in 10.1.0.0/16',
    ]);
  });

  it('names what was pushed', () => {
    expect(describeEvent({ type: 'image', repository: 'a', tag: '1' })).toBe('a:1');
    const commit = '3f2a51c0ffee';
    expect(describeEvent({ type: 'commit', repository: 'a/b', branch: 'main', commit })).toBe('a/b main 3f2a51c');
  });
});
