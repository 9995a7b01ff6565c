/** What stands in the fields of a form. Pure. */

export function textOf(data: FormData, name: string): string {
  const value = data.get(name);
  return typeof value === 'string' ? value.trim() : '';
}

/** Without the field where nothing stands in it. */
export function givenText<Name extends string>(data: FormData, name: Name): { readonly [Key in Name]?: string } {
  const text = textOf(data, name);
  const given: { [Key in Name]?: string } = {};
  return text === '' ? given : Object.assign(given, { [name]: text });
}

/** Names with spaces or commas between them. */
export function wordsOf(text: string): readonly string[] {
  return text.split(/[\s,]+/).filter((word) => word !== '');
}
