import type { ApplicationSpec } from '@slipway/delivery/api/application';
import { describe, expect, it } from 'vitest';
import { findPolicyFaults, judgeImage } from './image-policy.ts';
import { normalizeRepository, parseImage } from './image-reference.ts';
import { matchesPattern } from './match-pattern.ts';
import { planImageRelease } from './plan-image-release.ts';
import type { ImagePolicy } from './webhook.ts';

const repository = 'ghcr.io/acme/shop';
const digest = `sha256:${'0123456789abcdef'.repeat(4)}`;
const pushed = (tag: string) => ({ type: 'image' as const, repository, tag, digest });

describe('a pattern', () => {
  it.each([
    ['prod-7', 'prod-*', true],
    ['prod-', 'prod-*', true],
    ['preprod-7', 'prod-*', false],
    ['prod-7-x', 'prod-?', false],
    ['abc', 'a*c', true],
    ['abcbc', 'a*bc', true],
    ['ab', 'a*bc', false],
    ['', '*', true],
    ['a', '', false],
    ['a.b', 'a.b', true],
    ['axb', 'a.b', false],
    ['main-1f2e', 'main-????', true],
  ])('%j has the form %j: %j', (text, pattern, expected) => {
    expect(matchesPattern(text, pattern)).toBe(expected);
  });

  it('takes no longer for one that is made to take long', () => {
    expect(matchesPattern('a'.repeat(128), `${'*a'.repeat(63)}b`)).toBe(false);
  });
});

describe('a policy', () => {
  it.each<{ name: string; policy: ImagePolicy; tag: string; asked?: readonly string[]; verdict: string }>([
    { name: 'takes a version of its range', policy: { semver: '^1.4.0' }, tag: '1.5.0', verdict: 'wanted' },
    { name: 'takes a version with a v', policy: { semver: '^1.4.0' }, tag: 'v1.5.0', verdict: 'wanted' },
    {
      name: 'leaves a version outside of its range',
      policy: { semver: '^1.4.0' },
      tag: '2.0.0',
      verdict: 'passedOver',
    },
    {
      name: 'leaves a version to come unless it is asked for',
      policy: { semver: '^1.4.0' },
      tag: '1.5.0-rc.1',
      verdict: 'passedOver',
    },
    {
      name: 'takes a version to come where its range has one',
      policy: { semver: '>=1.5.0-0' },
      tag: '1.5.0-rc.1',
      verdict: 'wanted',
    },
    { name: 'leaves what is no version', policy: { semver: '*' }, tag: 'latest', verdict: 'passedOver' },
    { name: 'never goes back', policy: { semver: '*' }, tag: '1.4.0', asked: ['1.5.0'], verdict: 'passedOver' },
    {
      name: 'goes on from what is no version',
      policy: { semver: '*' },
      tag: '1.4.0',
      asked: ['latest'],
      verdict: 'wanted',
    },
    { name: 'takes a tag of its form', policy: { pattern: 'prod-*' }, tag: 'prod-7', verdict: 'wanted' },
    { name: 'leaves a tag of another form', policy: { pattern: 'prod-*' }, tag: 'test-7', verdict: 'passedOver' },
    { name: 'follows its tag', policy: { digestOf: 'stable' }, tag: 'stable', verdict: 'wanted' },
    { name: 'leaves another tag', policy: { digestOf: 'stable' }, tag: 'edge', verdict: 'passedOver' },
  ])('$name', ({ policy, tag, asked = [], verdict }) => {
    expect(judgeImage(policy, pushed(tag), asked).verdict).toBe(verdict);
  });

  it('pins a digest, and names the version of it', () => {
    expect(judgeImage({ digestOf: 'stable' }, pushed('stable'), [])).toEqual({
      verdict: 'wanted',
      suffix: `@${digest}`,
      version: 'stable-0123456789ab',
    });
  });

  it.each<[ImagePolicy, string]>([
    [{}, 'exactly one'],
    [{ semver: '1', pattern: '*' }, 'exactly one'],
    [{ semver: 'not a range' }, 'no range'],
    [{ digestOf: 'a b' }, 'no tag'],
  ])('has a fault: %j', (policy, message) => {
    expect(findPolicyFaults(policy)[0]?.message).toContain(message);
  });
});

describe('a repository', () => {
  it.each([
    ['nginx', 'docker.io/library/nginx'],
    ['acme/shop', 'docker.io/acme/shop'],
    ['index.docker.io/library/nginx', 'docker.io/library/nginx'],
    ['localhost/shop', 'localhost/shop'],
    ['Registry.example.org:5000/a/b', 'registry.example.org:5000/a/b'],
    ['docker.io/nginx', 'docker.io/library/nginx'],
    ['index.docker.io/nginx', 'docker.io/library/nginx'],
    ['Docker.io/acme/shop', 'docker.io/acme/shop'],
    ['registry-1.docker.io/acme/shop', 'docker.io/acme/shop'],
    ['library/nginx', 'docker.io/library/nginx'],
    ['localhost:5000/nginx', 'localhost:5000/nginx'],
    ['[fd00::1]:5000/shop', '[fd00::1]:5000/shop'],
    ['acme/a__b.c-d--e_f', 'docker.io/acme/a__b.c-d--e_f'],
    ['a//b', undefined],
    ['quay.io/a/../b', undefined],
    ['quay.io/a..b/c', undefined],
    ['acme/-shop', undefined],
    ['acme/shop_', undefined],
    ['acme/a___b', undefined],
    ['Acme/shop', undefined],
    ['ghcr.io/', undefined],
    ['', undefined],
  ])('%j is %j', (text, expected) => {
    expect(normalizeRepository(text)).toBe(expected);
  });

  it('is told from tag and digest', () => {
    expect(parseImage(`localhost:5000/shop:1@${digest}`)).toEqual({
      name: 'localhost:5000/shop',
      repository: 'localhost:5000/shop',
      tag: '1',
      digest,
    });
    expect(parseImage('localhost:5000/shop')).toMatchObject({ repository: 'localhost:5000/shop', tag: undefined });
    expect(parseImage('shop:a b')).toBeUndefined();
    expect(parseImage(`shop@${digest}@${digest}`)).toBeUndefined();
  });
});

describe('the plan for an Application', () => {
  const rule = { repository, policy: { semver: '^1' }, namespaces: ['default'] };
  const application = (image: string, spec: Partial<ApplicationSpec> = {}) => ({
    metadata: { namespace: 'default', name: 'shop' },
    spec: {
      version: '1.3.0',
      template: {
        spec: {
          containers: [
            { name: 'web', image },
            { name: 'log', image: 'log:1' },
          ],
          initContainers: [{ name: 'migrate', image }],
        },
      },
      ...spec,
    },
  });

  it('changes version and every container of the repository, and nothing else', () => {
    const before = application(`${repository}:1.3.0`);
    const plan = planImageRelease(before, { rule, pushed: pushed('1.4.0') });
    expect(plan).toEqual({
      type: 'release',
      image: `${repository}:1.4.0`,
      version: '1.4.0',
      spec: { ...application(`${repository}:1.4.0`).spec, version: '1.4.0' },
    });
    expect(before).toEqual(application(`${repository}:1.3.0`));
  });

  it('goes on counting versions where they are counted', () => {
    const plan = planImageRelease(application(`${repository}:1.3.0`, { version: '#' }), {
      rule,
      pushed: pushed('1.4.0'),
    });
    expect(plan).toMatchObject({ type: 'release', spec: { version: '#' } });
  });

  it('keeps the name of the image as it is written', () => {
    const hub = { ...rule, repository: 'docker.io/acme/shop' };
    const plan = planImageRelease(application('acme/shop:1.3.0'), {
      rule: hub,
      pushed: {
        ...pushed('1.4.0'),
        repository: hub.repository,
      },
    });
    expect(plan).toMatchObject({ spec: { template: { spec: { containers: [{ image: 'acme/shop:1.4.0' }, {}] } } } });
  });

  it.each([
    { name: 'what it asks for already', image: `${repository}:1.4.0`, tag: '1.4.0', type: 'unchanged' },
    { name: 'what is older', image: `${repository}:1.5.0`, tag: '1.4.0', type: 'passedOver' },
    { name: 'an image of somebody else', image: 'ghcr.io/acme/cart:1', tag: '1.4.0', type: 'unconcerned' },
    {
      name: 'a name that only begins like its own',
      image: `${repository}-evil:1.3.0`,
      tag: '1.4.0',
      type: 'unconcerned',
    },
  ])('does nothing for $name', ({ image, tag, type }) => {
    expect(planImageRelease(application(image), { rule, pushed: pushed(tag) }).type).toBe(type);
  });

  it('goes back where somebody asks for an older one again', () => {
    const wish = { rule, pushed: pushed('1.4.0'), mayGoBack: true };
    expect(planImageRelease(application(`${repository}:1.5.0`), wish)).toMatchObject({
      type: 'release',
      version: '1.4.0',
    });
  });

  it('does nothing where a Deployment has the image', () => {
    const adopted = { metadata: { name: 'shop' }, spec: { workloadRef: { kind: 'Deployment', name: 'shop' } } };
    expect(planImageRelease(adopted, { rule, pushed: pushed('1.4.0') }).type).toBe('unconcerned');
  });
});
