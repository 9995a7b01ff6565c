/** A list that is read page by page, while new things come at its head. Pure. */

/** By what one is known, whatever page it comes with. */
export type Listed = { readonly id: string | number } | { readonly uid: string };

/** What is new, then what was seen before: nothing falls out between the two because the head has grown. */
export function mergePages<Item extends Listed>(head: readonly Item[], seen: readonly Item[]): readonly Item[] {
  const known = new Set(head.map(idOf));
  return [...head, ...seen.filter((item) => !known.has(idOf(item)))];
}

function idOf(item: Listed): string | number {
  return 'uid' in item ? item.uid : item.id;
}
