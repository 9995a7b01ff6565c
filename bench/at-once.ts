/** So many at a time, the last ones first. */
export async function eachAtOnce<T>(
  items: readonly T[],
  count: number,
  act: (item: T) => Promise<unknown>,
): Promise<void> {
  const left = [...items];
  const work = async (): Promise<void> => {
    for (let item = left.pop(); item !== undefined; item = left.pop()) await act(item);
  };
  await Promise.all(Array.from({ length: count }, work));
}
