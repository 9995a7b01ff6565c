import { releasePhases, releases } from '../release.ts';
import { checkRunsSchema, copiedChecksSchema } from './check-schema.ts';
import { ageColumn, column, countColumn, defineKind, wideColumn } from './definition.ts';
import {
  boolean,
  commandOutcome,
  conditions,
  integer,
  list,
  map,
  object,
  record,
  seconds,
  rules,
  string,
  stringMap,
  time,
} from './schema.ts';

const spec = object(
  'A copy of what was asked: it never changes.',
  {
    application: string('Name of the Application.'),
    applicationUid: string('Which of the Applications that had this name.'),
    version: string('The version.'),
    identity: object('What distinguishes it.', {
      template: string('Hash of the template.'),
      configuration: string('Hash of the frozen configuration.'),
    }),
    template: record('The pods.'),
    service: record('The Service.'),
    environmentFrom: list('Variables that every container gets.', record('One source.')),
    frozen: stringMap('Names of the frozen copies, by Kind/name of what was copied.'),
    adopted: object('Where it ran before there was an Application.', {
      deployment: string('Name of the Deployment.'),
      replicaSet: string('Name of the ReplicaSet, which is its own from then on.'),
    }),
    strategy: record('How it is released.'),
    healthCheck: record('Asked of every pod before it takes traffic.'),
    checks: copiedChecksSchema,
    hooks: record('What is done beside the release.'),
    guardSeconds: seconds('How long the version before stands by.'),
    progressDeadlineSeconds: seconds('How long it may make no progress.'),
    drainSeconds: seconds('How long open requests may take to end.'),
    keepFailedSeconds: seconds('How long failed pods are kept.'),
  },
  {
    required: ['application', 'applicationUid', 'version', 'identity', 'template', 'strategy'],
    ...rules(['self == oldSelf', 'a Release records what was asked: its spec never changes']),
  },
);

const count = (description: string) => integer(description);

const gate = object('One gate of one attempt.', {
  name: string('The gate.'),
  attempt: count('The attempt.'),
  startedAt: time('When it began.'),
  endedAt: time('When it ended.'),
  outcome: string('How it ended; absent while it runs.'),
  message: string('What was found.'),
  during: string('Of a hook: when it runs.'),
  key: string('Of a hook: the name of its Job, and the idempotency key of its calls.'),
  jobUid: string('Of the Job, once it was seen.'),
  approval: string('Of an approval: the name of what was given.'),
  call: object('Of a webhook: the last call.', {
    number: count('Counted from 1.'),
    outcome: string('What the answer means.'),
    code: count('HTTP status.'),
    answer: string('The first KiB of the answer, or the cause of the error.'),
    at: time('When.'),
  }),
});

const answer = object('What one pod said last.', {
  pod: string('The pod.'),
  uid: string('Its uid.'),
  outcome: string('What the answer means.'),
  code: count('HTTP status.'),
  answer: string('The first KiB of the answer, or the cause of the error.'),
  at: time('When.'),
});

const attempt = object('One attempt.', {
  number: count('Counted from 1.'),
  cause: string('Why.'),
  by: string('Who asked.'),
  startedAt: time('When it began.'),
  endedAt: time('When it ended.'),
  outcome: string('How it ended.'),
});

const transition = object('One change of phase.', {
  phase: string('The phase that began.'),
  at: time('When.'),
  reason: string('Why.'),
});

const status = object('How far it is.', {
  observedGeneration: count('The generation that this status is about.'),
  phase: string('The phase.', { enum: releasePhases }),
  waitingFor: string('What is waited for.'),
  waitingSince: time('Since when.'),
  step: string('The step of the strategy, such as 2 of 5: setWeight 40.'),
  stepIndex: count('Steps that are done.'),
  resumedStep: count('The step that a person ended last.'),
  stepSince: time('Since when its share of the traffic is in force.'),
  split: object('Traffic.', {
    weights: map('Percent of the traffic by version.', count('Percent.')),
    confirmed: boolean('Whether it is in force everywhere.'),
    confirmedBy: string('How that is known.'),
  }),
  replicas: object('Pods.', {
    desired: count('That should be.'),
    ready: count('That are ready.'),
    serving: count('That take traffic.'),
  }),
  gates: list('Gates, by attempt.', gate, { maxItems: 100 }),
  checks: checkRunsSchema,
  health: list('What the pods said of themselves, failures first.', answer, { maxItems: 50 }),
  images: list(
    'What the containers run, as the runtimes resolved it.',
    object('One container.', {
      container: string('The container.'),
      imageIDs: list('More than one where a tag was moved.', string('An imageID.'), { maxItems: 8 }),
    }),
    { maxItems: 64 },
  ),
  imageFaults: map('Images that cannot be pulled.', string('The cause that was heard first.')),
  attempts: list('The last ten attempts.', attempt, { maxItems: 10 }),
  commands: list('What people asked.', commandOutcome, { maxItems: 50 }),
  transitions: list('Changes of phase.', transition, { maxItems: 200 }),
  ending: object('Why traffic returns, and what the release becomes then.', {
    phase: string('The phase to come.'),
    by: string('Who or what decided it.'),
    reason: string('Why.'),
    command: string('Name of the ReleaseCommand that asked for it.'),
  }),
  pausedBy: string('Who paused it.'),
  pausedBefore: string('Who had paused it when it was promoted.'),
  promotedBy: string('Who promoted it without its gates.'),
  previous: string('The Release that served when this attempt began, to which an abort returns.'),
  progressedAt: time('From when the deadline for progress counts.'),
  standingSince: time('Since when that deadline stands still.'),
  countedAt: time('Up to when time is counted for that deadline, or for the guard.'),
  guardedReplicas: count('Pods that should serve when all traffic had moved.'),
  trafficAtStart: list(
    'What gateways had counted before the guard began.',
    object('One gateway.', {
      instance: string('The gateway.'),
      requests: count('Requests.'),
      errors: count('Answers 5xx.'),
    }),
    { maxItems: 100 },
  ),
  firstTrafficAt: time('The first time that a request may have come.'),
  trafficReturnedAt: time('Since when all traffic is at the version before again.'),
  servedUntil: time('When another version became the stable one.'),
  startedAt: time('When it began.'),
  healthyAt: time('When every pod was ready and every gate had passed.'),
  trafficMovedAt: time('When all traffic had moved and that was confirmed.'),
  guardEndsAt: time('When the guard ends.'),
  guardCutShort: boolean('A newer version ended the guard before its time.'),
  finishedAt: time('When it ended.'),
  conditions,
});

export const releaseDefinition = defineKind({
  type: releases,
  singular: 'release',
  shortNames: ['rel'],
  description: 'One attempt to make one version of an Application live: what was asked, and how it went.',
  spec,
  status,
  columns: [
    column('Application', '.spec.application', 'The Application.'),
    column('Version', '.spec.version', 'The version.'),
    column('Strategy', '.spec.strategy.type', 'How it is released.'),
    column('Phase', '.status.phase', 'How far it is.'),
    countColumn('Ready', '.status.replicas.ready', 'Ready pods.'),
    countColumn('Serving', '.status.replicas.serving', 'Pods that take traffic.'),
    wideColumn('Waiting For', '.status.waitingFor', 'What is waited for.'),
    ageColumn,
  ],
});
