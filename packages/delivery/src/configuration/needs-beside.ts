/** What the hooks and checks of an Application read in its namespace, beside what its pods are given. It is never copied. */
import type { ApplicationSpec } from '../api/application.ts';
import type { Check } from '../api/check.ts';
import type { Hook, Hooks, HookTime } from '../api/hook.ts';
import { policyOf } from '../hooks/hook-policy.ts';
import type { Observation } from '../observation.ts';
import type { Source } from './content.ts';
import { findReferences, referenceKey, type Reference } from './references.ts';

export interface Need {
  /** `hook tell` */
  readonly of: string;
  readonly reference: Reference;
  /** Of a Secret: the keys that it must have, in one of these ways. Absent: it only has to exist. */
  readonly keys?: ReadonlyArray<readonly string[]> | undefined;
}

const waysToProve = [['token'], ['username', 'password'], ['ca.crt']];

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
  const { secretRef } = webhook ?? {};
  const given = job === undefined ? [] : findReferences(job.template).filter(({ isOptional }) => !isOptional);
  return [
    ...given.map((reference) => ({ of, reference })),
    ...(secretRef === undefined
      ? []
      : [{ of, reference: secretNamed(secretRef.name), keys: [[secretRef.key ?? 'secret']] }]),
  ];
}

function needsOfCheck({ name, provider: { prometheus, web } }: Check): readonly Need[] {
  const { secretRef } = prometheus ?? web ?? {};
  return secretRef === undefined
    ? []
    : [{ of: `check ${name}`, reference: secretNamed(secretRef.name), keys: waysToProve }];
}

function secretNamed(name: string): Reference {
  return { kind: 'Secret', name, isOptional: false };
}

/** A sentence for each that is not there. What exists and could not be read is said by the hook or check itself. */
export function findLacks({ application, sources }: Pick<Observation, 'application' | 'sources'>): readonly string[] {
  return needsBeside(application.spec).flatMap((need) => describeLack(need, sources.get(referenceKey(need.reference))));
}

function describeLack({ of, reference, keys: ways }: Need, source: Source | undefined): readonly string[] {
  const what = referenceKey(reference);
  if (source === undefined) return [`${of} needs ${what}, which does not exist: create it`];
  const { keys } = source;
  if (ways === undefined || keys === undefined) return [];
  return ways.some((way) => way.every((key) => keys.includes(key)))
    ? []
    : [
        `${of} needs ${what} with ${ways.map((way) => way.join(' and ')).join(', or ')}, and there is no such key in it`,
      ];
}
