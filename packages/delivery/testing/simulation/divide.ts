/** Actions that are several requests, any of which may be done without the others. */
import type { Action } from '../../src/plan.ts';

export interface Divided {
  readonly done: readonly Action[];
  readonly left: readonly Action[];
}

/** Of the requests of an action a bit of `part` each is done, and the others are left. */
export function divide(action: Action, part: number): Divided {
  switch (action.type) {
    case 'setServing': {
      const { done, left } = divideNames(action.pods, part >> 1);
      const isTemplateDone = action.template && part % 2 === 1;
      return {
        done: present({ ...action, pods: done, template: isTemplateDone }),
        left: present({ ...action, pods: left, template: action.template && !isTemplateDone }),
      };
    }
    case 'startDrain':
    case 'markForDeletion': {
      const { done, left } = divideNames(action.pods, part);
      return { done: present({ ...action, pods: done }), left: present({ ...action, pods: left }) };
    }
    default:
      return { done: [], left: [action] };
  }
}

function divideNames(
  pods: readonly string[],
  part: number,
): { readonly done: readonly string[]; readonly left: readonly string[] } {
  const isDone = (index: number): boolean => (part >> index) % 2 === 1;
  return { done: pods.filter((_, index) => isDone(index)), left: pods.filter((_, index) => !isDone(index)) };
}

function present<T extends Action & { readonly pods: readonly string[]; readonly template?: boolean }>(
  action: T,
): readonly T[] {
  return action.pods.length === 0 && action.template !== true ? [] : [action];
}
