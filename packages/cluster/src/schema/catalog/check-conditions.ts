/** Whether the conditions of webhooks can be evaluated at all. Read when the first one is written. */
import type { MatchCondition } from '@slipway/kube/api.generated';
import { CelScope } from '@slipway/kube/cel';
import { messageOf } from '@slipway/kube/message-of';
import type { Fault } from '../definition.ts';
import { duplicate, invalid, misnamed, required, tooMany } from '../faults.ts';
import { qualifiedKey } from '../names.ts';

/** What is written, as it comes: its types are not known to expressions. */
export const conditionScope = new CelScope({
  object: { kind: 'dyn' },
  oldObject: { kind: 'dyn' },
  request: { kind: 'dyn' },
});

const maximumConditions = 64;

export function checkConditions(conditions: ReadonlyArray<Partial<MatchCondition>>, path: string): readonly Fault[] {
  const names = conditions.map(({ name }) => name);
  // What must be there may be missing all the same: it is this that says so.
  const each = conditions.flatMap(({ name = '', expression = '' }, index) => [
    ...checkName(name, `${path}[${index}].name`),
    ...(name !== '' && names.indexOf(name) < index ? [duplicate(`${path}[${index}].name`, name)] : []),
    ...checkExpression(expression, `${path}[${index}].expression`),
  ]);
  return conditions.length > maximumConditions ? [tooMany(path, conditions.length, maximumConditions), ...each] : each;
}

function checkName(name: string, field: string): readonly Fault[] {
  return name === '' ? [required(field)] : misnamed(field, name, qualifiedKey);
}

function checkExpression(expression: string, field: string): readonly Fault[] {
  if (expression.trim() === '') return [required(field)];
  try {
    const { resultType } = conditionScope.compile(expression);
    return resultType === 'bool' || resultType === 'dyn' ? [] : [invalid(field, expression, 'must evaluate to bool')];
  } catch (error) {
    const said = messageOf(error);
    return [invalid(field, expression, `compilation failed: ${said}`)];
  }
}
