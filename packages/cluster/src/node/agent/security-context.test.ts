import type { PodSecurityContext, SecurityContext } from '@slipway/kube/api.generated';
import { describe, expect, it } from 'vitest';
import { testContainer, testPod } from '../../../testing/pod-scenario.ts';
import { calculateSupplementalGroups, calculateUser, mergeSecurityContext } from './security-context.ts';

function userOf(given: { pod?: PodSecurityContext; container?: SecurityContext; image?: string }): string {
  const pod = testPod({ securityContext: given.pod ?? {} });
  const container = testContainer(given.container === undefined ? {} : { securityContext: given.container });
  return calculateUser(pod, container, { user: given.image ?? '' });
}

describe('the user of a container', () => {
  it.each([
    { name: "the image's when nobody says", given: { image: 'app:app' }, user: 'app:app' },
    { name: "the pod's before the image's", given: { pod: { runAsUser: 7 }, image: 'app' }, user: '7' },
    { name: "its own before the pod's", given: { pod: { runAsUser: 7 }, container: { runAsUser: 8 } }, user: '8' },
    { name: 'with the group that is asked for', given: { pod: { runAsGroup: 9 }, image: 'app:app' }, user: 'app:9' },
    { name: 'root with that group when the image names none', given: { pod: { runAsGroup: 9 } }, user: '0:9' },
    { name: 'not root when it must not be', given: { pod: { runAsNonRoot: true }, image: '10' }, user: '10' },
  ])('is $name', ({ given, user }) => expect(userOf(given)).toBe(user));

  const where = '(pod: "web_default(uid-1)", container: app)';
  it.each([
    { given: { runAsUser: 0 }, image: '10', fault: `container's runAsUser breaks non-root policy ${where}` },
    { given: {}, image: '', fault: `container has runAsNonRoot and image will run as root ${where}` },
    { given: {}, image: '0:5', fault: `container has runAsNonRoot and image will run as root ${where}` },
    {
      given: {},
      image: 'app',
      fault: `container has runAsNonRoot and image has non-numeric user (app), cannot verify user is non-root ${where}`,
    },
  ])('is refused with $fault', ({ given, image, fault }) => {
    expect(() => userOf({ pod: { ...given, runAsNonRoot: true }, image })).toThrow(fault);
  });
});

it('keeps what the container says itself', () => {
  const container = testContainer({ securityContext: { readOnlyRootFilesystem: true, runAsNonRoot: undefined } });
  expect(mergeSecurityContext(testPod({ securityContext: { runAsNonRoot: true } }), container)).toEqual({
    readOnlyRootFilesystem: true,
    runAsNonRoot: true,
  });
  expect(mergeSecurityContext(testPod(), testContainer())).toBeUndefined();
});

it('adds the group of the volumes to the supplemental ones', () => {
  expect(calculateSupplementalGroups(testPod({ securityContext: { fsGroup: 1, supplementalGroups: [2, 1] } }))).toEqual(
    [1, 2],
  );
  expect(calculateSupplementalGroups(testPod())).toEqual([]);
});
