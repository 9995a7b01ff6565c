/** A list that is read page by page, while new things come at its head. Pure. */

/** What is new, then what was seen before: nothing falls out between the two because the head has grown. */
export function mergePages<Item extends { readonly id: string | number }>(
  head: readonly Item[],
  seen: readonly Item[],
): readonly Item[] {
  const known = new Set(head.map(({ id }) => id));
  return [...head, ...seen.filter(({ id }) => !known.has(id))];
}
