/** Whether the conditions of webhooks can be evaluated at all. Read when the first one is written. */
import type { MatchCondition } from '@slipway/kube/api.generated';
import { CelScope } from '@slipway/kube/cel';
import type { Fault } from '../definition.ts';
import { duplicate, invalid, required } from '../faults.ts';

/** What is written, as it comes: its types are not known to expressions. */
export const conditionScope = new CelScope({
  object: { kind: 'dyn' },
  oldObject: { kind: 'dyn' },
  request: { kind: 'dyn' },
});

export function checkConditions(conditions: ReadonlyArray<Partial<MatchCondition>>, path: string): readonly Fault[] {
  const names = conditions.map(({ name }) => name);
  // What must be there may be missing all the same: it is this that says so.
  return conditions.flatMap(({ name = '', expression = '' }, index) => [
    ...(name === '' ? [required(`${path}[${index}].name`)] : []),
    ...(name !== '' && names.indexOf(name) < index ? [duplicate(`${path}[${index}].name`, name)] : []),
    ...checkExpression(expression, `${path}[${index}].expression`),
  ]);
}

function checkExpression(expression: string, field: string): readonly Fault[] {
  if (expression.trim() === '') return [required(field)];
  try {
    const { resultType } = conditionScope.compile(expression);
    return resultType === 'bool' || resultType === 'dyn' ? [] : [invalid(field, expression, 'must evaluate to bool')];
  } catch (error) {
    const said = error instanceof Error ? error.message : String(error);
    return [invalid(field, expression, `compilation failed: ${said}`)];
  }
}
