import type { StillList } from './use-still.ts';

/** What waits until somebody wants it, in the head of a list. */
export function ShowNewer({ newer, showAll }: Pick<StillList<unknown>, 'newer' | 'showAll'>) {
  if (newer === 0) return null;
  return (
    <button type="button" className="button slim" onClick={showAll}>
      Show {newer} newer
    </button>
  );
}
