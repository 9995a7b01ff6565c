/** Which pushed images become releases. Pure. */
import semver from 'semver';
import { isTag } from './image-reference.ts';
import { matchesPattern } from './match-pattern.ts';
import type { ImagePolicy, PushedImage } from './webhook.ts';

export type Judgement =
  /** `suffix` goes behind the name of the image: `:1.4.0` or `@sha256:…`. */
  | { readonly verdict: 'wanted'; readonly suffix: string; readonly version: string }
  /** What the tag leads to has to be known first. */
  | { readonly verdict: 'needsDigest' }
  /** Not what is asked for, and why. */
  | { readonly verdict: 'passedOver'; readonly reason: string };

/** `asked`: versions and tags that the Application asks for now. */
export function judgeImage(policy: ImagePolicy, pushed: PushedImage, asked: readonly string[]): Judgement {
  if (policy.semver !== undefined) return judgeVersion(policy.semver, pushed, asked);
  if (policy.pattern !== undefined) return judgePattern(policy.pattern, pushed);
  return judgeDigest(policy.digestOf ?? '', pushed);
}

/** Never back: a message that was held up, or is sent again by somebody who should not have it, undoes nothing. */
function judgeVersion(range: string, pushed: PushedImage, asked: readonly string[]): Judgement {
  const version = semver.parse(pushed.tag);
  if (version === null) return passOver(`${pushed.tag} is no semantic version`);
  if (!semver.satisfies(version, range)) return passOver(`${pushed.tag} is not in ${range}`);
  const newer = asked.find((text) => (semver.parse(text)?.compare(version) ?? -1) > 0);
  return newer === undefined ? byTag(pushed) : passOver(`${pushed.tag} is older than ${newer}, which is asked for`);
}

function judgePattern(pattern: string, pushed: PushedImage): Judgement {
  return matchesPattern(pushed.tag, pattern) ? byTag(pushed) : passOver(`${pushed.tag} is not of the form ${pattern}`);
}

const digestPrefix = 'sha256:';
const shownDigits = 12;
const maximumVersion = 63;

function judgeDigest(tag: string, { tag: pushedTag, digest }: PushedImage): Judgement {
  if (pushedTag !== tag) return passOver(`${pushedTag} is not ${tag}`);
  if (digest === undefined) return { verdict: 'needsDigest' };
  const digits = digest.slice(digestPrefix.length, digestPrefix.length + shownDigits);
  const version = `${tag.slice(0, maximumVersion - shownDigits - 1)}-${digits}`;
  return { verdict: 'wanted', suffix: `@${digest}`, version };
}

function byTag({ tag }: PushedImage): Judgement {
  return { verdict: 'wanted', suffix: `:${tag}`, version: tag };
}

function passOver(reason: string): Judgement {
  return { verdict: 'passedOver', reason };
}

/** What is wrong with a policy, by field; empty: nothing. */
export function findPolicyFaults(
  policy: ImagePolicy,
): ReadonlyArray<{ readonly field: string; readonly message: string }> {
  const given = [policy.semver, policy.pattern, policy.digestOf].filter((way) => way !== undefined);
  if (given.length !== 1) return [{ field: '', message: 'needs exactly one of semver, pattern and digestOf' }];
  if (policy.semver !== undefined && semver.validRange(policy.semver) === null)
    return [{ field: '/semver', message: 'is no range of versions, such as ^1.4.0 or >=1.4.0 <2' }];
  if (policy.digestOf !== undefined && !isTag(policy.digestOf)) return [{ field: '/digestOf', message: 'is no tag' }];
  return [];
}
