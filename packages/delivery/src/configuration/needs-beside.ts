/** What the hooks and checks of an Application read in its namespace, beside what its pods are given. It is never copied. */
import type { ApplicationSpec } from '../api/application.ts';
import type { Check } from '../api/check.ts';
import type { Hook, Hooks, HookTime } from '../api/hook.ts';
import { policyOf } from '../hooks/hook-policy.ts';
import type { Observation } from '../observation.ts';
import { missingKeys, type Source } from './content.ts';
import { findReferences, referenceKey, type Reference } from './references.ts';

export interface Need {
  /** `hook tell` */
  readonly of: string;
  readonly reference: Reference;
  /** Absent: it only has to exist. */
  readonly content?: NeededContent | undefined;
}

/** Of a Secret. */
interface NeededContent {
  /** The keys that it must have, in one of these ways. */
  readonly ways: ReadonlyArray<readonly string[]>;
  /** Said where it has them in none of these. */
  readonly lack: string;
}

const waysToProve = [['token'], ['username', 'password'], ['ca.crt']];

/** What it holds matters, and not only that it is there. */
export function isReadFor({ reference, content }: Need): boolean {
  return content !== undefined || reference.keys !== undefined;
}

const needs = new WeakMap<ApplicationSpec, readonly Need[]>();

/** Without which no version can get through. A spec is walked once however often it is looked at. */
export function needsBeside(spec: ApplicationSpec): readonly Need[] {
  const known = needs.get(spec) ?? calculateNeeds(spec);
  needs.set(spec, known);
  return known;
}

interface Stage {
  readonly needs: readonly Need[];
  readonly isJob: boolean;
}

/** Up to the first Job: what comes after it may need what that makes, such as a Secret. */
function calculateNeeds({ hooks = {}, checks = [] }: ApplicationSpec): readonly Need[] {
  const stages = [
    ...stagesOf(hooks, 'beforeRelease'),
    ...checks.map((check) => ({ needs: needsOfCheck(check), isJob: false })),
    ...stagesOf(hooks, 'beforePromotion'),
    ...stagesOf(hooks, 'afterPromotion'),
  ];
  const firstJob = stages.findIndex(({ isJob }) => isJob);
  return stages.slice(0, firstJob === -1 ? undefined : firstJob + 1).flatMap(({ needs: own }) => own);
}

/** What may fail stops no release, also not for want of what it reads. */
function stagesOf(hooks: Hooks, during: HookTime): readonly Stage[] {
  return (hooks[during] ?? []).map((hook) => ({
    needs: policyOf(hook, during) === 'fail' ? needsOfHook(hook) : [],
    isJob: hook.job !== undefined,
  }));
}

function needsOfHook({ name, job, webhook }: Hook): readonly Need[] {
  const of = `hook ${name}`;
  const { name: secret, key = 'secret' } = webhook?.secretRef ?? {};
  const given = job === undefined ? [] : findReferences(job.template).filter(({ isOptional }) => !isOptional);
  return [
    ...given.map((reference) => ({ of, reference })),
    ...(secret === undefined
      ? []
      : [
          {
            of,
            reference: secretNamed(secret),
            content: {
              ways: [[key]],
              lack: `${of} signs by the key "${key}" of Secret/${secret}, which is missing or empty: add it`,
            },
          },
        ]),
  ];
}

function needsOfCheck({ name, provider: { prometheus, web } }: Check): readonly Need[] {
  const { secretRef } = prometheus ?? web ?? {};
  if (secretRef === undefined) return [];
  const of = `check ${name}`;
  const lack = `${of} asks with the key "token", or "username" and "password", or "ca.crt" of Secret/${secretRef.name}, which are missing or empty: add one of these`;
  return [{ of, reference: secretNamed(secretRef.name), content: { ways: waysToProve, lack } }];
}

function secretNamed(name: string): Reference {
  return { kind: 'Secret', name, isOptional: false };
}

type Sources = Pick<Observation, 'application' | 'sources'>;

/** `Secret/name` of what exists and could not be read: nobody knows whether the keys are in it. */
export function findUnread({ application, sources }: Sources): readonly string[] {
  const unread = needsBeside(application.spec)
    .filter(isReadFor)
    .map(({ reference }) => referenceKey(reference))
    .filter((key) => sources.has(key) && sources.get(key)?.keys === undefined);
  return [...new Set(unread)];
}

/** A sentence for each that is not there. */
export function findLacks({ application, sources }: Sources): readonly string[] {
  return needsBeside(application.spec).flatMap((need) => describeLack(need, sources.get(referenceKey(need.reference))));
}

function describeLack({ of, reference, content }: Need, source: Source | undefined): readonly string[] {
  const key = referenceKey(reference);
  if (source === undefined) return [`${of} needs ${key}, which does not exist: create it`];
  const missing = missingKeys(source, reference.keys);
  if (missing.length > 0)
    return [`${of} needs ${missing.map((each) => `"${each}"`).join(', ')} of ${key}, which is missing there: add it`];
  return content === undefined || isGiven(source, content) ? [] : [content.lack];
}

/** Nothing can be proven or signed by what is empty. */
function isGiven({ keys, emptyKeys = [] }: Source, { ways }: NeededContent): boolean {
  const filled = keys?.filter((key) => !emptyKeys.includes(key));
  return filled === undefined || ways.some((way) => way.every((key) => filled.includes(key)));
}
