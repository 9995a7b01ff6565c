/** Whether another Application has what its spec asks for in front of its users, or why that is waited for. */
import { findCondition, isConditionTrue } from '@slipway/kube/conditions';
import type { Application } from '../api/application.ts';
import { isOfVersion } from '../api/release.ts';
import { isNumbered } from '../asked.ts';
import { identityOf } from '../names.ts';
import { nameOf } from '../release-context.ts';
import type { Companion } from './companions.ts';

/**
 * `done`: all traffic is at what spec asks for, guarded or not; `releasing`: it will be, or will be given up; `stopped`: it
 * stays as it is until somebody does something about it.
 */
export type CompanionState = 'done' | 'releasing' | 'stopped' | 'missing';

export interface Judgement {
  readonly state: CompanionState;
  /** Completes "waits for Application NAME"; empty where it is done. */
  readonly why: string;
}

const done: Judgement = { state: 'done', why: '' };

export function judgeCompanion(companion: Companion | undefined): Judgement {
  if (companion === undefined) return { state: 'missing', why: ', which does not exist' };
  const { metadata, status } = companion.application;
  if (metadata.deletionTimestamp !== undefined) return { state: 'missing', why: ', which is being deleted' };
  if (status?.observedGeneration !== metadata.generation) return { state: 'releasing', why: ', whose spec is new' };
  if (isServed(companion)) return done;
  const refusal = describeRefusal(companion.application);
  if (refusal !== undefined) return { state: 'stopped', why: `, which is not released: ${refusal}` };
  return status?.candidate === undefined ? judgeIdle(companion.application) : judgeBusy(companion);
}

/** All traffic is at one version, and that is what spec asks for: where releases are stopped, the first alone is said. */
function isServed(companion: Companion): boolean {
  const { conditions, settling } = companion.application.status ?? {};
  return isConditionTrue(conditions, 'Promoted') && settling === undefined && isAskedFor(companion);
}

function isAskedFor({ application: { spec, status }, releases }: Companion): boolean {
  const name = status?.phase === 'Guarding' ? status.candidate : status?.serving?.release;
  const release = releases.find((each) => nameOf(each) === name);
  if (release !== undefined && !isNumbered(spec.version) && !isOfVersion(release, spec.version)) return false;
  const template = release?.spec.identity.template ?? status?.serving?.hash;
  return spec.template === undefined || template === identityOf(spec).template;
}

/** What only a change of spec or a person can end. */
function describeRefusal({ status }: Application): string | undefined {
  const valid = findCondition(status?.conditions, 'Valid');
  if (valid?.status === 'False') return valid.message;
  const synced = findCondition(status?.conditions, 'Synced');
  return synced?.status === 'False' ? synced.message : undefined;
}

function judgeIdle({ spec }: Application): Judgement {
  if (spec.paused === true) return { state: 'stopped', why: ', which is not released while its spec.paused is true' };
  if (spec.replicas === 0) return { state: 'stopped', why: ', which is not released while its spec.replicas is 0' };
  return { state: 'releasing', why: ', whose new version is about to be released' };
}

function judgeBusy({ application: { status }, releases }: Companion): Judgement {
  const release = releases.find((each) => nameOf(each) === status?.candidate);
  const version = release?.spec.version ?? status?.candidate ?? '';
  return { state: 'releasing', why: `, whose version ${version} is ${status?.phase ?? 'Pending'}` };
}
