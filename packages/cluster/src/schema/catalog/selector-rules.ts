/** What Kubernetes asks of selectors by labels. */
import type { LabelSelector, LabelSelectorRequirement } from '@slipway/kube/api.generated';
import type { Fault } from '../definition.ts';
import { forbidden, invalid, misnamed, required } from '../faults.ts';
import { validateLabels } from '../metadata.ts';
import { labelValueText, qualifiedKey } from '../names.ts';

export function checkLabelSelector(selector: LabelSelector | undefined, path: string): readonly Fault[] {
  const { matchLabels, matchExpressions = [] } = selector ?? {};
  return [
    ...validateLabels(matchLabels, `${path}.matchLabels`),
    ...matchExpressions.flatMap((requirement, index) =>
      checkRequirement(requirement, `${path}.matchExpressions[${index}]`),
    ),
  ];
}

function checkRequirement({ key, operator, values = [] }: LabelSelectorRequirement, path: string): readonly Fault[] {
  return [
    ...checkSetOperator(operator, values, path),
    ...labelKey(key, `${path}.key`),
    ...labelValues(values, `${path}.values`),
  ];
}

/** Of those that ask for a set of values, or for none. */
export function checkSetOperator(operator: string, values: readonly string[], path: string): readonly Fault[] {
  switch (operator) {
    case 'In':
    case 'NotIn':
      return values.length > 0
        ? []
        : [required(`${path}.values`, "must be specified when `operator` is 'In' or 'NotIn'")];
    case 'Exists':
    case 'DoesNotExist':
      return values.length === 0
        ? []
        : [forbidden(`${path}.values`, "may not be specified when `operator` is 'Exists' or 'DoesNotExist'")];
    default:
      return [invalid(`${path}.operator`, operator, 'not a valid selector operator')];
  }
}

export function labelKey(key: string | undefined, field: string): readonly Fault[] {
  return misnamed(field, key ?? '', qualifiedKey);
}

export function labelValues(values: readonly string[], field: string): readonly Fault[] {
  return values.flatMap((value, index) => misnamed(`${field}[${index}]`, value, labelValueText));
}
