/** Several things in one line. Pure. */

/** Undefined: there are none. */
export function splitList(text: string): readonly string[] | undefined {
  const items = text.split(/[\s,]+/).filter((each) => each !== '');
  return items.length === 0 ? undefined : items;
}

/** What somebody has typed, a comma before the next one too, for as long as it says the same as what is there. */
export function keepTyped(typed: string, there: string): string {
  const isSame = (splitList(typed) ?? []).join(', ') === (splitList(there) ?? []).join(', ');
  return isSame && typed !== '' ? typed : there;
}
