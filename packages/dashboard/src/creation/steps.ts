/** Steps of a canary as a form edits them: one kind and one value each. Pure. */
import type { CanaryStep } from '@slipway/delivery/api/application';

export const stepKinds = ['setWeight', 'pause', 'check', 'setReplicas', 'mirror'] as const;
export type StepKind = (typeof stepKinds)[number] | 'match';

export const stepWords: Readonly<Record<StepKind, string>> = {
  setWeight: 'Weight, %',
  pause: 'Pause, seconds',
  check: 'Check',
  setReplicas: 'Pods',
  mirror: 'Mirror, %',
  match: 'Match',
};

export function kindOfStep(step: CanaryStep): StepKind {
  return stepKinds.find((kind) => step[kind] !== undefined) ?? 'match';
}

/** As it stands in a field; empty for a pause that waits for a person. */
export function valueOfStep(step: CanaryStep): string {
  const { setWeight, pause, check, setReplicas, mirror } = step;
  return String(setWeight ?? pause?.seconds ?? check ?? setReplicas ?? mirror?.percent ?? '');
}

export function createStep(kind: StepKind, value: string): CanaryStep {
  const number = Number(value);
  switch (kind) {
    case 'setWeight':
      return { setWeight: number };
    case 'pause':
      return { pause: value === '' ? {} : { seconds: number } };
    case 'check':
      return { check: value };
    case 'setReplicas':
      return { setReplicas: value.endsWith('%') ? value : number };
    case 'mirror':
      return { mirror: { percent: number } };
    case 'match':
      return { match: {} };
  }
}

/** As many begin. */
export const firstSteps: readonly CanaryStep[] = [
  { setWeight: 10 },
  { pause: { seconds: 60 } },
  { setWeight: 50 },
  { pause: { seconds: 60 } },
];

export function moveStep(steps: readonly CanaryStep[], from: number, to: number): readonly CanaryStep[] {
  const step = steps[from];
  if (step === undefined || to < 0 || to >= steps.length) return steps;
  return steps.toSpliced(from, 1).toSpliced(to, 0, step);
}
