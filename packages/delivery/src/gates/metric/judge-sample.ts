/** From what the sources said to the outcome of one measurement. */
import { messageOf } from '@slipway/kube/message-of';
import type { Check, CheckTime, Measurement } from '../../api/check.ts';
import { formatValue, type Sample } from './sample.ts';
import { termsOf } from './terms.ts';

export type CheckVariables = Readonly<Record<string, 'double' | 'int'>>;

/** Throws an error that says what is wrong with the expression; evaluating one throws where it comes to nothing. */
export type CompileExpression = (expression: string, variables: CheckVariables) => CompiledExpression;

export interface CompiledExpression {
  /** `bool`, `double`, ... */
  readonly resultType: string;
  readonly evaluate: (values: Readonly<Record<string, number>>) => unknown;
}

/** `baseline` is there only where it is measured: an expression that asks for it otherwise is a fault. */
export function variablesOf({ baseline }: Check): CheckVariables {
  return { value: 'double', samples: 'int', ...(baseline === true ? { baseline: 'double' } : {}) };
}

export interface JudgedSamples {
  readonly value: Sample;
  /** Absent where the check does not ask for it. */
  readonly baseline?: Sample | undefined;
  readonly samples: number;
}

export type Judgement = Pick<Measurement, 'outcome' | 'value' | 'baseline' | 'samples' | 'reason'>;

/** How samples become an outcome; what is not known of one version is not known of the comparison. */
export function judgeSamples(
  check: Check,
  { value, baseline, samples }: JudgedSamples,
  { during, compile }: { readonly during: CheckTime; readonly compile: CompileExpression },
): Judgement {
  if (value.type !== 'value') return { outcome: value.type, reason: value.reason };
  const found = { value: formatValue(value.value), samples };
  if (baseline !== undefined && baseline.type !== 'value')
    return { ...found, outcome: baseline.type, reason: `stable: ${baseline.reason}` };
  const numbers = { value: value.value, samples, ...(baseline === undefined ? {} : { baseline: baseline.value }) };
  const { minSamples } = termsOf(check, during);
  const { outcome, reason } =
    samples < minSamples
      ? { outcome: 'inconclusive' as const, reason: `${samples} samples, at least ${minSamples} are wanted` }
      : evaluate(check, numbers, compile);
  const warnings = [...(value.warnings ?? []), ...(baseline?.warnings ?? [])];
  const reasons = [...(reason === undefined ? [] : [reason]), ...warnings.map((text) => `warned: ${text}`)];
  return {
    ...found,
    ...(baseline === undefined ? {} : { baseline: formatValue(baseline.value) }),
    outcome,
    ...(reasons.length === 0 ? {} : { reason: reasons.join('; ') }),
  };
}

function evaluate(
  check: Check,
  numbers: Readonly<Record<string, number>>,
  compile: CompileExpression,
): Pick<Judgement, 'outcome' | 'reason'> {
  try {
    const holds = compile(check.successWhen, variablesOf(check)).evaluate(numbers);
    if (holds === true) return { outcome: 'passed' };
    if (holds !== false)
      return { outcome: 'error', reason: `successWhen comes to ${typeof holds}, expected a boolean` };
    return { outcome: 'failed', reason: `${describeNumbers(numbers)}: not ${check.successWhen}` };
  } catch (error) {
    return { outcome: 'error', reason: `successWhen: ${messageOf(error)}` };
  }
}

/** `value 0.07, baseline 0.01` */
function describeNumbers({ value = NaN, baseline }: Readonly<Record<string, number>>): string {
  const own = `value ${formatValue(value)}`;
  return baseline === undefined ? own : `${own}, baseline ${formatValue(baseline)}`;
}
