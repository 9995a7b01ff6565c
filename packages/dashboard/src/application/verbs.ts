/** What a person may ask of an application now, and what that will do. The controller decides; this says it beforehand. */
import type { CanaryStep } from '@slipway/delivery/api/application';
import type { ReleaseAnswer, ReleaseSummary, ApplicationAnswer } from '../api/answers.ts';
import { planStages } from './stages.ts';

export const offeredVerbs = ['promote', 'resume', 'pause', 'abort', 'retry', 'rollback'] as const;
export type OfferedVerb = (typeof offeredVerbs)[number];

export interface Offer {
  readonly verb: OfferedVerb;
  readonly label: string;
  /** What it will do, in full sentences. */
  readonly effect: string;
  readonly isDangerous: boolean;
  /** Of rollback: to which version. */
  readonly version?: string | undefined;
}

export interface OfferInput {
  readonly application: ApplicationAnswer;
  /** The release under way. */
  readonly candidate?: ReleaseAnswer | undefined;
  /** Newest first. */
  readonly history: readonly ReleaseSummary[];
}

export function listOffers({ application, candidate, history }: OfferInput): readonly Offer[] {
  if (candidate !== undefined) return offersUnderWay(application, candidate);
  const offers: Offer[] = [];
  const refused = application.status?.refused?.findLast(({ lifted }) => lifted !== true);
  if (refused !== undefined)
    offers.push({
      verb: 'retry',
      label: `Retry ${refused.version}`,
      effect: `Version ${refused.version}, which was refused (${refused.reason}), is released again from its first step.`,
      isDangerous: false,
    });
  // One that was tried again since and failed is gone back to by name only.
  const earlier = listReturns(application, history).find(({ phase }) => phase !== 'RolledBack' && phase !== 'Failed');
  if (earlier !== undefined) offers.push(offerReturn(application.serving, earlier.version));
  return offers;
}

/** Versions that have been the stable one, the last of them first, each once; not those that never came so far. */
export function listReturns(
  { serving }: Pick<ApplicationAnswer, 'serving'>,
  history: readonly ReleaseSummary[],
): readonly ReleaseSummary[] {
  const served = history
    .filter(({ version, deletedAt }) => version !== serving?.version && deletedAt === undefined)
    .filter((release) => isFinished(release.phase) && endOfService(release) !== undefined)
    .toSorted((one, other) => (endOfService(other) ?? 0) - (endOfService(one) ?? 0));
  return served.filter(({ version }, index) => served.findIndex((each) => each.version === version) === index);
}

/** As the controller sees it, which writes down when another version took its place. */
function endOfService({ phase, servedUntil, finishedAt }: ReleaseSummary): number | undefined {
  const end = servedUntil ?? (phase === 'Succeeded' ? finishedAt : undefined);
  return end === undefined ? undefined : Date.parse(end);
}

/** That something was done with last: one of before may have been released again. */
export function findLatest(history: readonly ReleaseSummary[]): ReleaseSummary | undefined {
  const begun = ({ startedAt, createdAt }: ReleaseSummary): number => Date.parse(startedAt ?? createdAt);
  return history.toSorted((one, other) => begun(other) - begun(one)).at(0);
}

export function isFinished(phase: string): boolean {
  return phase === 'Succeeded' || phase === 'RolledBack' || phase === 'Failed' || phase === 'Superseded';
}

export function offerReturn(serving: ApplicationAnswer['serving'], version: string): Offer {
  const left =
    serving === undefined
      ? ''
      : ` Version ${serving.version} is refused from then on, until you retry it or ask for something else.`;
  return {
    verb: 'rollback',
    label: `Roll back to ${version}`,
    effect: `Version ${version} serves again, released by the same strategy; soon after its end it is not asked to pass its gates again.${left}`,
    isDangerous: true,
    version,
  };
}

function offersUnderWay(application: ApplicationAnswer, candidate: ReleaseAnswer): readonly Offer[] {
  const { phase, version } = candidate;
  const before = application.serving;
  const offers: Offer[] = [];
  if (phase === 'Pending' || phase === 'Progressing' || phase === 'Paused')
    offers.push({
      verb: 'promote',
      label: 'Promote',
      effect: `Version ${version} gets all traffic as soon as enough of its pods are ready. The steps, pauses and checks that are left are passed over; approvals are not.`,
      isDangerous: false,
    });
  if (isHeld(candidate))
    offers.push({
      verb: 'resume',
      label: 'Resume',
      effect: `The release of version ${version} goes on${describeNext(candidate)}.`,
      isDangerous: false,
    });
  if (phase === 'Progressing')
    offers.push({
      verb: 'pause',
      label: 'Pause',
      effect: `The release stays where it is${describeShare(candidate)} until somebody resumes it. Pods go on serving.`,
      isDangerous: false,
    });
  if (phase !== 'RollingBack')
    offers.push({
      verb: 'abort',
      label: 'Abort',
      effect:
        before === undefined || before.version === version
          ? `Version ${version} is taken away. No version has served before it, so nothing serves then.`
          : `All traffic returns to version ${before.version} at once, and the pods of version ${version} end. It is refused until you retry it or ask for something else.`,
      isDangerous: true,
    });
  return offers;
}

/** By a person, for one, or for a time that he may cut short. */
function isHeld({ phase, status, spec }: ReleaseAnswer): boolean {
  const step = spec.strategy.canary?.steps?.[status?.stepIndex ?? 0];
  if (phase === 'Paused') return status?.pausedBy !== undefined || spec.strategy.type === 'canary';
  return phase === 'Progressing' && step?.pause?.seconds !== undefined && status?.stepSince !== undefined;
}

function describeShare({ status, spec, name }: ReleaseAnswer): string {
  const weight = status?.split?.weights[name];
  return weight === undefined ? '' : `, with ${weight} % of the traffic at version ${spec.version},`;
}

/** The next step, as it stands in the plan. */
function describeNext({ spec, status }: ReleaseAnswer): string {
  const steps: readonly CanaryStep[] = spec.strategy.canary?.steps ?? [];
  if (status?.pausedBy !== undefined) return ' from where it was paused';
  const next = steps[(status?.stepIndex ?? 0) + 1];
  if (next === undefined) return ' and gets all traffic';
  const [, stage] = planStages({ strategy: { type: 'canary', canary: { steps: [next] } } });
  return stage === undefined ? '' : ` with its next step: ${stage.detail}`;
}
