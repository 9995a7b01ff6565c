import type { CheckState } from './api/check.ts';
import type { Release } from './api/release.ts';

/** Which run of which release a measurement belongs to. */
export function measurementKey(
  release: Release,
  { name, during, step = '', attempt }: Pick<CheckState, 'name' | 'during' | 'step' | 'attempt'>,
): string {
  return [release.metadata.uid ?? release.metadata.name ?? '', name, during, step, attempt].join('\n');
}
