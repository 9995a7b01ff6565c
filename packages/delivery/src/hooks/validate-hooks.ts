/** Everything that is wrong with the hooks of an Application beyond the shape of their fields, at once. */
import { messageOf } from '@slipway/kube/message-of';
import type { StatusCause } from '@slipway/kube/status-error';
import type { ApplicationSpec } from '../api/application.ts';
import { hookTimes, type Hook, type HookJob, type HookTime, type HookWebhook } from '../api/hook.ts';
import { ownPrefix } from '../names.ts';
import { parseHttpUrl } from '../gates/metric/url-template.ts';

const reservedName = 'health';

interface Place {
  readonly hook: Hook;
  readonly during: HookTime;
  /** `spec.hooks.beforeRelease[0]` */
  readonly path: string;
}

export function validateHooks({ hooks = {} }: Pick<ApplicationSpec, 'hooks'>): readonly StatusCause[] {
  const places = hookTimes.flatMap((during) =>
    (hooks[during] ?? []).map((hook, index): Place => ({ hook, during, path: `spec.hooks.${during}[${index}]` })),
  );
  return places.flatMap((place, index) => [
    ...validateName(place, places.slice(0, index)),
    ...validateKind(place),
    ...validateTime(place),
  ]);
}

function fault(field: string, message: string): StatusCause {
  return { reason: 'FieldValueInvalid', field, message };
}

function validateName({ hook: { name }, path }: Place, earlier: readonly Place[]): readonly StatusCause[] {
  if (name === reservedName)
    return [fault(`${path}.name`, '"health" is the name of the health gate: a hook needs another one')];
  const same = earlier.find(({ hook }) => hook.name === name);
  return same === undefined
    ? []
    : [fault(`${path}.name`, `"${name}" is the name of ${same.path} too: every hook needs one of its own`)];
}

function validateKind({ hook, path }: Place): readonly StatusCause[] {
  const { job, webhook, approval } = hook;
  const given = Object.entries({ job, webhook, approval }).filter(([, kind]) => kind !== undefined);
  if (given.length !== 1)
    return [
      fault(
        path,
        `must have exactly one of job, webhook and approval, has ${given.map(([kind]) => kind).join(', ') || 'none'}`,
      ),
    ];
  return [
    ...(job === undefined ? [] : validateJob(job, `${path}.job.template`)),
    ...(webhook === undefined ? [] : validateWebhook(webhook, `${path}.webhook`)),
    ...(approval !== undefined && hook.retries !== undefined
      ? [fault(`${path}.retries`, 'an approval is given once: remove the field')]
      : []),
  ];
}

function validateTime({ hook, during, path }: Place): readonly StatusCause[] {
  const isLate = during === 'afterPromotion' || during === 'onRollback';
  return [
    ...(isLate && hook.approval !== undefined
      ? [
          fault(
            `${path}.approval`,
            'an approval is asked before promotion: put it into beforeRelease or beforePromotion',
          ),
        ]
      : []),
    ...(during === 'onRollback' && hook.onFailure === 'fail'
      ? [
          fault(
            `${path}.onFailure`,
            'a release that goes back cannot fail any more: remove the field, or set it to ignore',
          ),
        ]
      : []),
  ];
}

/** The rest of it the API server is asked about, before a release is made. */
function validateJob({ template }: HookJob, path: string): readonly StatusCause[] {
  const { restartPolicy = 'Never', containers = [] } = template.spec ?? {};
  const own = Object.keys(template.metadata?.labels ?? {}).filter((label) => label.startsWith(ownPrefix));
  return [
    ...(containers.length === 0 ? [fault(`${path}.spec.containers`, 'at least one container is required')] : []),
    ...(restartPolicy === 'Never' || restartPolicy === 'OnFailure'
      ? []
      : [fault(`${path}.spec.restartPolicy`, `"${restartPolicy}" must be Never or OnFailure: a hook ends`)]),
    ...own.map((label) =>
      fault(`${path}.metadata.labels`, `${label} is a label by which Slipway finds pods: remove it`),
    ),
  ];
}

function validateWebhook({ url }: HookWebhook, path: string): readonly StatusCause[] {
  try {
    parseHttpUrl(url);
    return [];
  } catch (error) {
    return [fault(`${path}.url`, messageOf(error))];
  }
}
