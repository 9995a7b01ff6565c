import { hookPod } from './hook-pod-schema.ts';
import { failurePolicies, hookTimes } from '../hook.ts';
import { boolean, integer, list, object, rules, string, type Schema } from './schema.ts';

const maximumHooks = 8;

export const hookName = { pattern: '^[a-z0-9]([-a-z0-9]*[a-z0-9])?$', maxLength: 40 };

const job = object(
  'A program that runs, as a Job with one pod. It passes when the pod has succeeded.',
  { template: hookPod },
  { required: ['template'] },
);

const webhook = object(
  'Somebody who is told, by POST. Any 2xx passes.',
  {
    url: string('http or https; redirects are not followed.', { pattern: '^https?://', maxLength: 2_048 }),
    secretRef: object(
      'A Secret in the same namespace with the key that signs what is sent; its ca.crt is trusted. Read when needed.',
      {
        name: string('Its name.', { pattern: '^[a-z0-9]([-.a-z0-9]*[a-z0-9])?$', maxLength: 253 }),
        key: string('Where the signing key is. Default secret.', { minLength: 1, maxLength: 253 }),
      },
      { required: ['name'] },
    ),
  },
  { required: ['url'] },
);

const kinds = ['job', 'webhook', 'approval'];

const hook = object(
  'One hook: exactly one of job, webhook and approval.',
  {
    name: string('Unique in the Application.', hookName),
    job,
    webhook,
    approval: object('A person who agrees, by a ReleaseApproval.', {}),
    timeoutSeconds: integer(
      'How long it may take. Default 600 for a job, 60 for a webhook, any time for an approval.',
      {
        minimum: 1,
        maximum: 86_400,
      },
    ),
    retries: integer('Of a job: pods that may fail, default 0. Of a webhook: calls after the first, default 3.', {
      minimum: 0,
      maximum: 20,
    }),
    onFailure: string('fail: the release goes back. Default: fail before promotion, ignore after.', {
      enum: failurePolicies,
    }),
    everyAttempt: boolean('Run again by a retry or a rollback, though it has ended before.'),
  },
  {
    required: ['name'],
    ...rules(
      [
        `[${kinds.map((kind) => `has(self.${kind})`).join(', ')}].filter(given, given).size() == 1`,
        'a hook is exactly one of job, webhook and approval',
      ],
      ["self.name != 'health'", 'health is the name of the health gate: a hook needs another one'],
      ['!has(self.approval) || !has(self.retries)', 'an approval is given once: remove retries'],
    ),
  },
);

const descriptions: Readonly<Record<(typeof hookTimes)[number], string>> = {
  beforeRelease: 'Before anything of the new version is made.',
  beforePromotion: 'When the new version is healthy, before all traffic moves to it.',
  afterPromotion: 'When all traffic has moved; the guard does not end before them.',
  onRollback: 'When the release goes back, and the traffic has.',
};

function hooksOf(description: string): Schema {
  return list(description, hook, {
    maxItems: maximumHooks,
    'x-kubernetes-list-type': 'map',
    'x-kubernetes-list-map-keys': ['name'],
  });
}

export const hooksSchema: Schema = object(
  'What is done beside a release, in order. In force from the next release.',
  Object.fromEntries(hookTimes.map((time) => [time, hooksOf(descriptions[time])])),
  rules(
    [
      '!has(self.afterPromotion) || self.afterPromotion.all(hook, !has(hook.approval))',
      'an approval is asked before promotion: put it into beforeRelease or beforePromotion',
    ],
    [
      '!has(self.onRollback) || self.onRollback.all(hook, !has(hook.approval))',
      'the way back waits for nobody: an approval is asked in beforeRelease or beforePromotion',
    ],
    [
      "!has(self.onRollback) || self.onRollback.all(hook, !has(hook.onFailure) || hook.onFailure == 'ignore')",
      'a release that goes back cannot fail any more: remove onFailure from onRollback, or set it to ignore',
    ],
  ),
);
