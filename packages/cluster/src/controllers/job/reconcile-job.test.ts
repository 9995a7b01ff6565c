import type { Job, JobSpec, JobStatus, Pod } from '@slipway/kube/api.generated';
import { formatTime } from '@slipway/kube/clock';
import { describe, expect, it } from 'vitest';
import { noFailures, rememberFailures } from './backoff.ts';
import { completionIndexAnnotation, failureCountAnnotation, trackingFinalizer } from './job-pods.ts';
import { reconcileJob, type JobAction } from './reconcile-job.ts';

const now = Date.UTC(2026, 0, 1);
const ago = (seconds: number): string => formatTime(now - seconds * 1_000);

function job(spec: Partial<JobSpec> = {}, status: JobStatus = {}): Job {
  return {
    metadata: { name: 'work', namespace: 'default', uid: 'job' },
    spec: {
      parallelism: 1,
      backoffLimit: 6,
      selector: { matchLabels: { job: 'work' } },
      template: {
        metadata: { labels: { job: 'work' } },
        spec: { restartPolicy: 'Never', containers: [{ name: 'main', image: 'node:24' }] },
      },
      ...spec,
    },
    status: { startTime: ago(100), uncountedTerminatedPods: {}, ready: 0, terminating: 0, ...status },
  };
}

interface PodShape {
  readonly name: string;
  readonly phase?: 'Pending' | 'Running' | 'Succeeded' | 'Failed';
  readonly exitCode?: number;
  /** Seconds since it ended. */
  readonly ended?: number;
  readonly index?: number;
  readonly failures?: number;
  readonly counted?: boolean;
  readonly leaving?: boolean;
  readonly restarts?: number;
  readonly conditions?: NonNullable<Pod['status']>['conditions'];
}

function pod(shape: PodShape): Pod {
  const { name, phase = 'Running', exitCode = phase === 'Failed' ? 1 : 0, ended = 1_000, index } = shape;
  const isOver = phase === 'Failed' || phase === 'Succeeded';
  return {
    metadata: {
      name,
      namespace: 'default',
      uid: name,
      labels: { job: 'work' },
      creationTimestamp: ago(2_000),
      ...(shape.leaving === true ? { deletionTimestamp: ago(0), deletionGracePeriodSeconds: 30 } : {}),
      finalizers: shape.counted === true ? [] : [trackingFinalizer],
      annotations: {
        ...(index === undefined ? {} : { [completionIndexAnnotation]: String(index) }),
        ...(shape.failures === undefined ? {} : { [failureCountAnnotation]: String(shape.failures) }),
      },
      ownerReferences: [{ apiVersion: 'batch/v1', kind: 'Job', name: 'work', uid: 'job', controller: true }],
    },
    spec: { containers: [] },
    status: {
      phase,
      conditions: shape.conditions,
      containerStatuses: [
        {
          name: 'main',
          image: '',
          imageID: '',
          ready: false,
          restartCount: shape.restarts ?? 0,
          state: isOver ? { terminated: { exitCode, finishedAt: ago(ended) } } : { running: {} },
        },
      ],
    },
  };
}

/** The plan in one line an action. */
function planOf(subject: Job, pods: readonly Pod[]): readonly string[] {
  return decide(subject, pods).actions.map(describeAction);
}

function decide(subject: Job, pods: readonly Pod[]) {
  const history = rememberFailures(noFailures, pods, subject);
  return reconcileJob({ job: subject, candidates: pods, history, isNamespaceLeaving: false }, now);
}

function describeAction(action: JobAction): string {
  switch (action.kind) {
    case 'writeStatus': {
      const { succeeded = 0, failed = 0, uncountedTerminatedPods: uids, conditions = [] } = action.status;
      const waiting = `${uids?.succeeded?.length ?? 0}+${uids?.failed?.length ?? 0}`;
      const said = conditions.filter(({ status }) => status === 'True').map(({ type, reason }) => `${type}:${reason}`);
      return ['status', `${succeeded}/${failed}`, `waiting ${waiting}`, ...said].join(' ');
    }
    case 'createPods': {
      const indexes = action.pods.flatMap(({ metadata }) => metadata.annotations?.[completionIndexAnnotation] ?? []);
      return `create ${action.pods.length}${indexes.length === 0 ? '' : ` at ${indexes.join(',')}`}`;
    }
    case 'adopt':
    case 'release':
      return `${action.kind} ${action.pod.metadata.name}`;
    default:
      return `${action.kind} ${action.pods.map(({ metadata }) => metadata.name).join(',')}`;
  }
}

const some = { name: 'main', image: 'node:24' };

interface Row {
  readonly name: string;
  readonly job: Job;
  readonly pods?: readonly Pod[];
  readonly plan: readonly string[];
}

const rows: readonly Row[] = [
  {
    name: 'as many pods as parallelism says',
    job: job({ parallelism: 3, completions: 5 }),
    plan: ['create 3'],
  },
  {
    name: 'never more pods than completions are left',
    job: job({ parallelism: 3, completions: 5 }, { succeeded: 4 }),
    plan: ['create 1'],
  },
  {
    name: 'a finished pod is written down before its finalizer goes',
    job: job({ completions: 2 }),
    pods: [pod({ name: 'a', phase: 'Succeeded' })],
    plan: ['status 0/0 waiting 1+0', 'untrackPods a', 'create 1'],
  },
  {
    name: 'a pod that is written down and still held is not counted again',
    job: job({ completions: 2, parallelism: 0 }, { uncountedTerminatedPods: { succeeded: ['a'] } }),
    pods: [pod({ name: 'a', phase: 'Succeeded' })],
    plan: ['untrackPods a'],
  },
  {
    name: 'a pod becomes a number when nobody holds it any more',
    job: job({ completions: 2, parallelism: 0 }, { uncountedTerminatedPods: { succeeded: ['a'], failed: ['gone'] } }),
    pods: [pod({ name: 'a', phase: 'Succeeded', counted: true })],
    plan: ['status 1/1 waiting 0+0'],
  },
  {
    name: 'enough successes end the Job in two steps',
    job: job({ completions: 1 }),
    pods: [pod({ name: 'a', phase: 'Succeeded' })],
    plan: ['status 0/0 waiting 1+0 SuccessCriteriaMet:CompletionsReached', 'untrackPods a'],
  },
  {
    name: 'and it is complete when all is counted',
    job: job({ completions: 1 }, { uncountedTerminatedPods: { succeeded: ['a'] } }),
    pods: [pod({ name: 'a', phase: 'Succeeded', counted: true })],
    plan: ['status 1/0 waiting 0+0 SuccessCriteriaMet:CompletionsReached Complete:CompletionsReached'],
  },
  {
    name: 'a work queue with a success gets no new pods and waits for the others',
    job: job({ parallelism: 3 }, { succeeded: 1, active: 1 }),
    pods: [pod({ name: 'b' })],
    plan: [],
  },
  {
    name: 'a failed pod is replaced when its backoff is over',
    job: job({ completions: 1 }),
    pods: [pod({ name: 'a', phase: 'Failed', ended: 11 })],
    plan: ['status 0/0 waiting 0+1', 'untrackPods a', 'create 1'],
  },
  {
    name: 'and not before',
    job: job({ completions: 1 }),
    pods: [pod({ name: 'a', phase: 'Failed', ended: 9 })],
    plan: ['status 0/0 waiting 0+1', 'untrackPods a'],
  },
  {
    name: 'one failure too many fails the Job and ends the others',
    job: job({ completions: 3, parallelism: 2, backoffLimit: 0 }),
    pods: [pod({ name: 'a', phase: 'Failed' }), pod({ name: 'b' })],
    plan: ['status 0/0 waiting 0+2 FailureTarget:BackoffLimitExceeded', 'untrackPods a,b', 'endPods b'],
  },
  {
    name: 'a Job that has failed is declared so when its pods are gone',
    job: job(
      { completions: 3, backoffLimit: 0 },
      { failed: 2, conditions: [{ type: 'FailureTarget', status: 'True', reason: 'BackoffLimitExceeded' }] },
    ),
    plan: ['status 0/2 waiting 0+0 FailureTarget:BackoffLimitExceeded Failed:BackoffLimitExceeded'],
  },
  {
    name: 'restarts in place count against the limit',
    job: job({
      completions: 1,
      backoffLimit: 2,
      template: { metadata: { labels: { job: 'work' } }, spec: { restartPolicy: 'OnFailure', containers: [some] } },
    }),
    pods: [pod({ name: 'a', restarts: 2 })],
    plan: ['status 0/0 waiting 0+1 FailureTarget:BackoffLimitExceeded', 'untrackPods a', 'endPods a'],
  },
  {
    name: 'a deadline ends what runs',
    job: job({ completions: 1, activeDeadlineSeconds: 100 }),
    pods: [pod({ name: 'a' })],
    plan: ['status 0/0 waiting 0+1 FailureTarget:DeadlineExceeded', 'untrackPods a', 'endPods a'],
  },
  {
    name: 'a suspended Job withdraws its pods without counting them',
    job: job({ completions: 1, suspend: true }),
    pods: [pod({ name: 'a' })],
    plan: ['status 0/0 waiting 0+0 Suspended:JobSuspended', 'withdrawPods a'],
  },
  {
    name: 'a Job with less parallelism withdraws what is too much',
    job: job({ completions: 5, parallelism: 1 }, { active: 2 }),
    pods: [pod({ name: 'a' }), pod({ name: 'b', phase: 'Pending' })],
    plan: ['withdrawPods b'],
  },
  {
    name: 'a pod that is being deleted has failed and is replaced',
    job: job({ completions: 1 }),
    pods: [pod({ name: 'a', leaving: true })],
    plan: ['status 0/0 waiting 0+1', 'untrackPods a', 'create 1'],
  },
  {
    name: 'unless only failed pods are replaced: then it is waited for',
    job: job({ completions: 1, podReplacementPolicy: 'Failed' }, { terminating: 1 }),
    pods: [pod({ name: 'a', leaving: true })],
    plan: [],
  },
  {
    name: 'a rule of the failure policy fails the Job at once',
    job: job({
      completions: 2,
      podFailurePolicy: { rules: [{ action: 'FailJob', onExitCodes: { operator: 'In', values: [42] } }] },
    }),
    pods: [pod({ name: 'a', phase: 'Failed', exitCode: 42 })],
    plan: ['status 0/0 waiting 0+1 FailureTarget:PodFailurePolicy', 'untrackPods a'],
  },
  {
    name: 'a disruption that is ignored counts for nothing',
    job: job({
      completions: 1,
      backoffLimit: 0,
      podFailurePolicy: {
        rules: [{ action: 'Ignore', onPodConditions: [{ type: 'DisruptionTarget', status: 'True' }] }],
      },
    }),
    pods: [pod({ name: 'a', phase: 'Failed', conditions: [{ type: 'DisruptionTarget', status: 'True' }] })],
    plan: ['untrackPods a', 'create 1'],
  },
  {
    name: 'indexes are taken in order, around what is done and under way',
    job: job(
      { completionMode: 'Indexed', completions: 6, parallelism: 4 },
      { completedIndexes: '0,2', succeeded: 2, active: 1 },
    ),
    pods: [pod({ name: 'a', index: 3 })],
    plan: ['create 3 at 1,4,5'],
  },
  {
    name: 'an index that succeeds twice counts once',
    job: job({ completionMode: 'Indexed', completions: 2, parallelism: 0 }),
    pods: [pod({ name: 'a', index: 0, phase: 'Succeeded' }), pod({ name: 'b', index: 0, phase: 'Succeeded' })],
    plan: ['status 1/0 waiting 0+0', 'untrackPods a,b'],
  },
  {
    name: 'of two pods at one index the younger goes',
    job: job({ completionMode: 'Indexed', completions: 2, parallelism: 2 }, { active: 2 }),
    pods: [pod({ name: 'a', index: 0 }), pod({ name: 'b', index: 0 })],
    plan: ['withdrawPods b'],
  },
  {
    name: 'a failed pod with a limit of its own is held until the next attempt exists',
    job: job(
      { completionMode: 'Indexed', completions: 1, backoffLimitPerIndex: 1, backoffLimit: 99 },
      { failedIndexes: '' },
    ),
    pods: [pod({ name: 'a', index: 0, phase: 'Failed', failures: 0, ended: 11 })],
    plan: ['create 1 at 0'],
  },
  {
    name: 'an index that has used its attempts up fails the Job when no other is left',
    job: job(
      { completionMode: 'Indexed', completions: 2, backoffLimitPerIndex: 1, backoffLimit: 99 },
      { completedIndexes: '1', succeeded: 1 },
    ),
    pods: [pod({ name: 'a', index: 0, phase: 'Failed', failures: 1 })],
    plan: ['status 1/0 waiting 0+1 FailureTarget:FailedIndexes', 'untrackPods a'],
  },
  {
    name: 'a success policy ends the Job early, and what runs has failed',
    job: job({
      completionMode: 'Indexed',
      completions: 3,
      parallelism: 3,
      successPolicy: { rules: [{ succeededIndexes: '0' }] },
    }),
    pods: [pod({ name: 'leader', index: 0, phase: 'Succeeded' }), pod({ name: 'worker', index: 1 })],
    plan: ['status 1/0 waiting 0+0 SuccessCriteriaMet:SuccessPolicy', 'untrackPods leader', 'endPods worker'],
  },
  {
    name: 'a Job that is being deleted starts nothing and lets its pods go',
    job: { ...job({ completions: 3 }), metadata: { ...job().metadata, deletionTimestamp: ago(0) } },
    pods: [pod({ name: 'a' })],
    plan: ['status 0/0 waiting 0+0', 'untrackPods a'],
  },
  {
    name: 'a finished Job is left alone',
    job: job({ completions: 1 }, { conditions: [{ type: 'Complete', status: 'True' }] }),
    pods: [pod({ name: 'a' })],
    plan: [],
  },
];

describe('reconcileJob', () => {
  it.each(rows)('$name', ({ job: subject, pods = [], plan }) => {
    expect(planOf(subject, pods)).toEqual(plan);
  });

  it('asks to be woken at the end of a backoff, which doubles', () => {
    const failed = [15, 30, 100].map((ended, index) => pod({ name: `p${index}`, phase: 'Failed', ended }));
    expect(decide(job({ completions: 1 }), failed).requeueAfter).toBe(25_000);
  });

  it('starts the backoff anew after a success', () => {
    const ended = [pod({ name: 'a', phase: 'Failed', ended: 20 }), pod({ name: 'b', phase: 'Succeeded', ended: 10 })];
    expect(planOf(job({ completions: 2 }), ended)).toContain('create 1');
  });

  it('asks to be woken at the deadline', () => {
    expect(decide(job({ completions: 1, activeDeadlineSeconds: 130 }), [pod({ name: 'a' })]).requeueAfter).toBe(30_000);
  });

  it('gives the pod of an index its name, its number and the failures so far', () => {
    const subject = job({ completionMode: 'Indexed', completions: 1, backoffLimitPerIndex: 3, backoffLimit: 99 });
    const before = pod({ name: 'a', index: 0, phase: 'Failed', failures: 1, ended: 30 });
    const [action] = decide(subject, [before]).actions.filter(({ kind }) => kind === 'createPods');
    const [created] = action?.kind === 'createPods' ? action.pods : [];
    expect(created?.metadata).toMatchObject({
      generateName: 'work-0-',
      labels: { [completionIndexAnnotation]: '0' },
      annotations: { [completionIndexAnnotation]: '0', [failureCountAnnotation]: '2' },
      finalizers: [trackingFinalizer],
    });
    expect(created?.spec?.hostname).toBe('work-0');
    expect(created?.spec?.containers[0]?.env).toEqual([
      {
        name: 'JOB_COMPLETION_INDEX',
        valueFrom: { fieldRef: { fieldPath: `metadata.labels['${completionIndexAnnotation}']` } },
      },
    ]);
  });
});
