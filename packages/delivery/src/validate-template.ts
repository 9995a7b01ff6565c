/** What a template may not say: what the controller alone may write on pods, and that they end by themselves. */
import type { StatusCause } from '@slipway/kube/status-error';
import type { ApplicationSpec } from './api/application.ts';
import { annotations, labels, ownPrefix } from './names.ts';

/** Every version gets them with values of its own; what was given back to a Deployment still bears those of the last one. */
const overwritten: ReadonlySet<string> = new Set([labels.application, labels.release]);

export function validateTemplate({ template }: Pick<ApplicationSpec, 'template'>): readonly StatusCause[] {
  const { labels: given = {}, annotations: notes = {} } = template?.metadata ?? {};
  return [
    ...judge('labels', Object.keys(given)),
    ...judge('annotations', Object.keys(notes)),
    ...judgeEnd(template?.spec?.restartPolicy),
  ];
}

function judgeEnd(restartPolicy = 'Always'): readonly StatusCause[] {
  return restartPolicy === 'Always'
    ? []
    : [
        {
          reason: 'FieldValueInvalid',
          field: 'spec.template.spec.restartPolicy',
          message: `"${restartPolicy}" must be Always: pods of a version run until it is replaced`,
        },
      ];
}

/** From a template it would hold for each pod from its start. */
function judge(part: 'labels' | 'annotations', names: readonly string[]): readonly StatusCause[] {
  return names
    .filter((name) => (name.startsWith(ownPrefix) && !overwritten.has(name)) || name === annotations.deletionCost)
    .map((name) => ({
      reason: 'FieldValueInvalid',
      field: `spec.template.metadata.${part}`,
      message: `${name} is what the controller tells pods apart by, which serve and which go: remove it`,
    }));
}
