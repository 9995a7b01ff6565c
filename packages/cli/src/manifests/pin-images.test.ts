import type { PodTemplateSpec } from '@slipway/kube/api.generated';
import { describe, expect, test } from 'vitest';
import { pinImages } from './pin-images.ts';

const digest = `sha256:${'1'.repeat(64)}`;
const other = `sha256:${'2'.repeat(64)}`;

function templateOf(image: string): PodTemplateSpec {
  return { spec: { containers: [{ name: 'web', image }] } };
}

function pinned(image: string, ...imageIDs: readonly string[]): string | undefined {
  const { template } = pinImages(templateOf(image), [{ container: 'web', imageIDs }]);
  return template.spec?.containers[0]?.image;
}

describe('an image', () => {
  test.each([
    { name: 'with a tag', image: 'web:1', imageID: `docker.io/library/web@${digest}`, expected: `web@${digest}` },
    { name: 'without one', image: 'team/web', imageID: `docker.io/team/web@${digest}`, expected: `team/web@${digest}` },
    {
      name: 'of a registry with a port',
      image: 'registry.test:5000/web:1',
      imageID: `registry.test:5000/web@${digest}`,
      expected: `registry.test:5000/web@${digest}`,
    },
    {
      name: 'that Docker recorded',
      image: 'web:1',
      imageID: `docker-pullable://web@${digest}`,
      expected: `web@${digest}`,
    },
  ])('$name is pinned to what ran', ({ image, imageID, expected }) => {
    expect(pinned(image, imageID)).toBe(expected);
  });

  test.each([
    { name: 'that is named by digest', image: `web@${other}`, imageID: `docker.io/library/web@${digest}` },
    { name: 'that was built on the node', image: 'web:1', imageID: digest },
    { name: 'that was loaded into Docker', image: 'web:1', imageID: `docker://${digest}` },
    { name: 'that another repository gave', image: 'web:1', imageID: `docker.io/mirror/web@${digest}` },
  ])('$name stays as it is', ({ image, imageID }) => {
    expect(pinned(image, imageID)).toBe(image);
  });

  test('is the one that was released, where pods ran several', () => {
    const recorded = [
      { container: 'web', imageIDs: [`docker.io/library/web@${digest}`, `docker.io/library/web@${other}`] },
    ];
    const { template, notes } = pinImages(templateOf('web:1'), recorded);
    expect(template.spec?.containers[0]?.image).toBe(`web@${digest}`);
    expect(notes).toEqual(['pods of it ran 2 different images in container web: the one that was released is carried']);
  });
});

test('what cannot be pinned is named', () => {
  const template = {
    spec: { initContainers: [{ name: 'migrate', image: 'migrate:1' }], containers: [{ name: 'web', image: 'web:1' }] },
  };
  expect(pinImages(template, [{ container: 'web', imageIDs: [digest] }])).toEqual({
    template,
    notes: [
      'carried by name, and not by digest: migrate:1 of container migrate, web:1 of container web (ran as sha256:111111111111…, which no registry of that name knows). What that name means there is what will run, and where it means nothing, no pod starts: push the image to a registry, or build it there',
    ],
  });
  expect(pinImages(template).notes).toHaveLength(1);
});
