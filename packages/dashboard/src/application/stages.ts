/** A release as the stages that it goes through, with the share of the traffic that its version has in each. Pure. */
import type { CanaryMatch, CanaryStep, Strategy } from '@slipway/delivery/api/application';
import type { Hooks } from '@slipway/delivery/api/hook';
import type { ReleaseStatus } from '@slipway/delivery/api/release';

export interface Stage {
  readonly label: string;
  /** For who wants to know more. */
  readonly detail: string;
  /** Percent of the traffic at the end of it. */
  readonly weight: number;
  /** Somebody has to do something here. */
  readonly isForPerson: boolean;
}

export interface StagePlan {
  readonly strategy: Strategy;
  readonly hooks?: Hooks | undefined;
  readonly guardSeconds?: number | undefined;
}

const defaultGuardSeconds = 300;

/** From the first pod to the end of the guard. */
export function planStages({ strategy, hooks = {}, guardSeconds = defaultGuardSeconds }: StagePlan): readonly Stage[] {
  const between = betweenStages(strategy);
  const before = between.at(-1)?.weight ?? 0;
  return [
    ...hookStages(hooks, 'beforeRelease', 0),
    stage('pods ready', { detail: 'pods of the new version start, and each says that it is healthy' }),
    ...between,
    ...hookStages(hooks, 'beforePromotion', before),
    ...promotionStages(strategy),
    ...(guardSeconds > 0
      ? [
          stage('guard', {
            weight: 100,
            detail: `watched for ${seconds(guardSeconds)}; a fault brings the old one back`,
          }),
        ]
      : []),
    ...hookStages(hooks, 'afterPromotion', 100),
  ];
}

/** How far a release is: the index of the stage that it is in, and all of them once it has succeeded. */
export function findStage(stages: readonly Stage[], strategy: Strategy, status: ReleaseStatus | undefined): number {
  const at = (label: string): number => stages.findIndex((each) => each.label === label);
  switch (status?.phase) {
    case 'Succeeded':
      return stages.length;
    case 'Guarding':
      return Math.max(at('guard'), 0);
    case 'Promoting':
      return at(promotionLabel);
    case 'Progressing':
    case 'Paused':
      return findOpen(stages, strategy, status);
    // Where it stopped.
    case 'RollingBack':
    case 'RolledBack':
    case 'Failed':
      if (status.trafficMovedAt !== undefined) return Math.max(at('guard'), at(promotionLabel));
      return findOpen(stages, strategy, status);
    default:
      return 0;
  }
}

/** Of a release that has not been promoted: the hook that is open, or the step. */
function findOpen(stages: readonly Stage[], { type, canary }: Strategy, status: ReleaseStatus): number {
  const at = (label: string): number => stages.findIndex((each) => each.label === label);
  const hook = status.gates?.findLast(({ during, outcome }) => during !== undefined && outcome === undefined)?.name;
  const open = hook === undefined ? -1 : Math.max(at(hook), at(`approve ${hook}`));
  if (open >= 0) return open;
  const ready = Math.max(at('pods ready'), 0);
  if (status.firstTrafficAt === undefined && status.healthyAt === undefined) return ready;
  const steps = canary?.steps?.length ?? 0;
  const done = type === 'canary' ? Math.min(status.stepIndex ?? 0, steps) : 0;
  return Math.min(ready + 1 + done, at(promotionLabel));
}

const promotionLabel = 'all traffic';

function promotionStages(strategy: Strategy): readonly Stage[] {
  const detail =
    strategy.type === 'recreate' ? 'the new version takes the requests that waited' : 'the new version takes all of it';
  return [stage(promotionLabel, { weight: 100, detail })];
}

function betweenStages(strategy: Strategy): readonly Stage[] {
  switch (strategy.type) {
    case 'canary':
      return canaryStages(strategy.canary?.steps ?? []);
    case 'rolling':
      return [
        stage('pod by pod', {
          weight: 50,
          detail: `at most ${strategy.rolling?.maxSurge ?? '25%'} pods more, and ${strategy.rolling?.maxUnavailable ?? 0} fewer, at a time`,
        }),
      ];
    case 'recreate':
      return [stage('old pods go', { detail: 'all pods of the old version end before the new ones start' })];
    default: {
      const { autoPromote = true, promoteAfterSeconds = 0 } = strategy.blueGreen ?? {};
      if (!autoPromote)
        return [stage('you promote', { isForPerson: true, detail: 'waits until somebody promotes it' })];
      return promoteAfterSeconds > 0
        ? [stage(`wait ${seconds(promoteAfterSeconds)}`, { detail: 'stands by beside the old version' })]
        : [];
    }
  }
}

function canaryStages(steps: readonly CanaryStep[]): readonly Stage[] {
  let weight = 0;
  return steps.map((step) => {
    weight = step.setWeight ?? weight;
    return canaryStage(step, weight);
  });
}

function canaryStage(step: CanaryStep, weight: number): Stage {
  if (step.setWeight !== undefined)
    return stage(`${step.setWeight} %`, {
      weight,
      detail: `${step.setWeight} % of the traffic goes to the new version`,
    });
  if (step.pause !== undefined)
    return step.pause.seconds === undefined
      ? stage('you resume', { weight, isForPerson: true, detail: 'waits until somebody resumes it' })
      : stage(`pause ${seconds(step.pause.seconds)}`, {
          weight,
          detail: `stays so for ${seconds(step.pause.seconds)}`,
        });
  if (step.check !== undefined)
    return stage(`check ${step.check}`, { weight, detail: `goes on when the check ${step.check} has passed` });
  if (step.setReplicas !== undefined)
    return stage(`${step.setReplicas} pods`, {
      weight,
      detail: `at least ${step.setReplicas} pods of the new version`,
    });
  if (step.mirror !== undefined)
    return stage(`mirror ${step.mirror.percent} %`, {
      weight,
      detail: 'gets copies of requests, whose answers nobody gets',
    });
  return stage('match', { weight, detail: describeMatch(step.match) });
}

function describeMatch(match: CanaryMatch | undefined): string {
  const names = [...(match?.headers ?? []), ...(match?.cookies ?? [])].map(({ name }) => name);
  return names.length === 0
    ? 'no requests are chosen by what they carry any more'
    : `requests that carry ${names.join(' and ')} go to the new version`;
}

function hookStages(hooks: Hooks, time: keyof Hooks, weight: number): readonly Stage[] {
  return (hooks[time] ?? []).map(({ name, approval, job }) =>
    approval === undefined
      ? stage(name, {
          weight,
          detail: job === undefined ? 'somebody is told, and has to answer' : 'a job has to end well',
        })
      : stage(`approve ${name}`, { weight, isForPerson: true, detail: 'waits until somebody agrees' }),
  );
}

function stage(label: string, given: Partial<Stage>): Stage {
  return { label, detail: '', weight: 0, isForPerson: false, ...given };
}

/** `5 s`, `10 min`, `2 h` */
export function seconds(count: number): string {
  if (count >= 3_600 && count % 3_600 === 0) return `${count / 3_600} h`;
  return count >= 60 && count % 60 === 0 ? `${count / 60} min` : `${count} s`;
}
