import type { HandoverPlan, Step } from '@slipway/delivery/adoption/adoption-world';
import { table } from '../output/output.ts';

type Change = Exclude<Step, { readonly verb: 'wait' }>;

const words = { create: 'create', patch: 'change', update: 'change', delete: 'delete' } as const;

/** Object by object, in the order in which it is done. */
export function describePlan(plan: HandoverPlan): string {
  const rows = changesOf(plan).map(({ verb, type, object, what }) => [
    words[verb],
    type.kind,
    object.metadata.name ?? '',
    what,
  ]);
  const changes = rows.length === 0 ? 'Nothing is left to change.' : table(['WHAT', 'KIND', 'NAME', 'TO'], rows);
  return [changes, ...plan.notes.map((note) => `Note: ${note}.`)].join('\n');
}

export function planAsData(plan: HandoverPlan, { isDone }: { readonly isDone: boolean }): object {
  return {
    done: isDone,
    changes: changesOf(plan).map(({ verb, type, object, what }) => ({
      change: words[verb],
      kind: type.kind,
      namespace: object.metadata.namespace,
      name: object.metadata.name,
      to: what,
    })),
    notes: plan.notes,
  };
}

function changesOf({ stages }: HandoverPlan): readonly Change[] {
  return stages.flat().filter((step): step is Change => step.verb !== 'wait');
}
