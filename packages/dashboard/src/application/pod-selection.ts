/** Which pods of an application somebody has asked to see. */
import type { PodsAnswer } from '../api/answers.ts';

export interface Selection {
  readonly search: string;
  readonly state: string;
  /** Where each page after the first begins. */
  readonly cursors: readonly string[];
}

export const everything: Selection = { search: '', state: '', cursors: [] };

/** The first page of all of them, as the picture shows it. */
export function isFirstPage({ search, state, cursors }: Selection): boolean {
  return search === '' && state === '' && cursors.length === 0;
}

/** More at once help nobody; those that are not well come first. */
export const podsAtOnce = 20;

/** Of few pods nobody needs a part; who has asked for one can still take that back. */
export function hasFilters(selection: Selection, count: number): boolean {
  return count > podsAtOnce || !isFirstPage(selection);
}

/** An answer to it has every pod there is: who is not in it is gone, and not filtered out or on another page. */
export function isEveryPod(selection: Selection, { next }: Pick<PodsAnswer, 'next'>): boolean {
  return isFirstPage(selection) && next === undefined;
}
