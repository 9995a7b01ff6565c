/** How a list that changes is shown to somebody who reads it: what he looks at stays where it is. */

export interface Placed<Item> {
  readonly item: Item;
  /** It is not there any more: this is how it was. */
  readonly isGone: boolean;
}

/** Who stays keeps the place; who comes takes that of one who is gone; and no place is taken away. */
export function keepPlaces<Item>(
  before: readonly Placed<Item>[],
  now: readonly Item[],
  keyOf: (item: Item) => string,
): readonly Placed<Item>[] {
  const current = new Map(now.map((item) => [keyOf(item), item]));
  const known = new Set(before.map(({ item }) => keyOf(item)));
  const coming = now.filter((item) => !known.has(keyOf(item)));
  const places = before.map(({ item: last }): Placed<Item> => {
    const item = current.get(keyOf(last)) ?? coming.shift();
    return item === undefined ? { item: last, isGone: true } : { item, isGone: false };
  });
  return [...places, ...coming.map((item) => ({ item, isGone: false }))];
}

export interface Telling {
  /** What is told is all there is: of a part nobody knows who is gone, and who is elsewhere. */
  readonly isWhole: boolean;
  /** Nobody reads it: it may become whatever it is. */
  readonly isFree: boolean;
}

/** Of a list that is told again: what is shown of it, and which places the next telling keeps. A part is shown as it is told, and keeps none. */
export function followPlaces<Item>(
  before: readonly Placed<Item>[],
  now: readonly Item[],
  { isWhole, isFree }: Telling,
  keyOf: (item: Item) => string,
): { readonly shown: readonly Placed<Item>[]; readonly kept: readonly Placed<Item>[] } {
  const shown = keepPlaces(isWhole && !isFree ? before : [], now, keyOf);
  return { shown, kept: isWhole ? shown : [] };
}

/** The same ones, as they are now: of two with one key the first is meant. */
export function keepList<Item>(
  before: readonly Item[],
  now: readonly Item[],
  keyOf: (item: Item) => string,
): { readonly items: readonly Item[]; readonly newer: number } {
  const current = new Map(now.toReversed().map((item) => [keyOf(item), item]));
  const known = new Set(before.map(keyOf));
  return {
    items: before.map((item) => current.get(keyOf(item)) ?? item),
    newer: now.filter((item) => !known.has(keyOf(item))).length,
  };
}
