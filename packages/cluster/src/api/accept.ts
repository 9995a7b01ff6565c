/** What the header `accept` says, in the order in which it is wanted. https://www.rfc-editor.org/rfc/rfc9110#name-accept */

export interface AcceptedRange {
  /** In lower case, such as `application/json`. */
  readonly type: string;
  /** What stands behind it, such as `g` and `v` of a form of Kubernetes; without `q`. */
  readonly parameters: ReadonlyMap<string, string>;
}

/** By preference, and what is exact before what is open where nothing else is said. */
export function acceptedRanges(accept: string): readonly AcceptedRange[] {
  const ranges = accept.split(',').filter((range) => range.trim() !== '');
  if (ranges.length === 1 && !accept.includes('q=')) return ranges.map((range) => parseRange(range).range);
  return ranges
    .map(parseRange)
    .toSorted((a, b) => b.quality - a.quality || openness(a.range) - openness(b.range))
    .map(({ range }) => range);
}

function parseRange(text: string): { readonly range: AcceptedRange; readonly quality: number } {
  const [type = '', ...rest] = text.split(';').map((part) => part.trim());
  const parameters = new Map<string, string>();
  for (const part of rest) {
    const [name = '', value = ''] = part.split('=').map((each) => each.trim());
    parameters.set(name.toLowerCase(), value.replaceAll('"', ''));
  }
  const quality = Number(parameters.get('q') ?? 1);
  parameters.delete('q');
  return { range: { type: type.toLowerCase(), parameters }, quality: Number.isNaN(quality) ? 1 : quality };
}

function openness({ type }: AcceptedRange): number {
  if (type.startsWith('*/')) return 2;
  return type.endsWith('/*') ? 1 : 0;
}
