/** Placeholders in a PromQL query: each value is escaped for the string that it stands in. */

export const placeholders = ['namespace', 'application', 'version', 'stable', 'service'] as const;
export type Placeholder = (typeof placeholders)[number];

/** `stable` is absent where there is no stable version. */
export type PlaceholderValues = Readonly<Record<Exclude<Placeholder, 'stable'>, string>> & {
  readonly stable?: string | undefined;
};

/** A placeholder, or text that goes as it is. */
export type TemplatePart = { readonly text: string } | { readonly placeholder: string };

/** `a{{b}}c` is text, placeholder, text. */
export function splitTemplate(template: string): readonly TemplatePart[] {
  return template
    .split(/(\{\{[^{}]*\}\})/)
    .filter((text) => text !== '')
    .map((text) => (isPlaceholder(text) ? { placeholder: text.slice(2, -2).trim() } : { text }));
}

function isPlaceholder(text: string): boolean {
  return text.startsWith('{{') && text.endsWith('}}');
}

export function findUnknownPlaceholders(template: string): readonly string[] {
  const known: readonly string[] = placeholders;
  return splitTemplate(template).flatMap((part) =>
    'placeholder' in part && !known.includes(part.placeholder) ? [part.placeholder] : [],
  );
}

export function hasPlaceholder(template: string, names: readonly Placeholder[]): boolean {
  return splitTemplate(template).some(
    (part) => 'placeholder' in part && names.some((name) => name === part.placeholder),
  );
}

/** The value, or an error that says why there is none. */
export function valueOf(placeholder: string, values: PlaceholderValues): string {
  const value = placeholders.some((name) => name === placeholder) ? values[placeholder as Placeholder] : undefined;
  if (value !== undefined) return value;
  throw new Error(
    placeholder === 'stable'
      ? '{{stable}} has no value: there is no stable version'
      : `{{${placeholder}}} is not a placeholder, expected one of: ${placeholders.join(', ')}`,
  );
}

type Quote = '"' | "'" | '`';

/** Where in a PromQL query a reader stands. */
interface Place {
  readonly quote: Quote | undefined;
  /** The string is a regular expression: it stands after `=~` or `!~`. */
  readonly isPattern: boolean;
  readonly isComment: boolean;
  /** What was read outside of strings, as far as it tells an operator. */
  readonly before: string;
}

const outside: Place = { quote: undefined, isPattern: false, isComment: false, before: '' };

export function resolveQuery(template: string, values: PlaceholderValues): string {
  let place = outside;
  return splitTemplate(template)
    .map((part) => {
      if ('placeholder' in part) return escapeValue(valueOf(part.placeholder, values), place, part.placeholder);
      place = read(part.text, place);
      return part.text;
    })
    .join('');
}

/** Placeholders that stand outside of a string, where no value can be written safely. */
export function findUnquotedPlaceholders(template: string): readonly string[] {
  let place = outside;
  return splitTemplate(template).flatMap((part) => {
    if ('placeholder' in part) return place.quote === undefined ? [part.placeholder] : [];
    place = read(part.text, place);
    return [];
  });
}

function read(text: string, start: Place): Place {
  let place = start;
  for (let index = 0; index < text.length; index++) {
    const character = text.charAt(index);
    if (place.quote !== undefined && place.quote !== '`' && character === '\\') index += 1;
    else place = step(place, character);
  }
  return place;
}

function step(place: Place, character: string): Place {
  if (place.isComment) return character === '\n' ? outside : place;
  if (place.quote !== undefined) return character === place.quote ? outside : place;
  if (character === '#') return { ...outside, isComment: true };
  if (character === '"' || character === "'" || character === '`')
    return { ...outside, quote: character, isPattern: place.before === '=~' || place.before === '!~' };
  return character.trim() === '' ? place : { ...outside, before: `${place.before}${character}`.slice(-2) };
}

function escapeValue(value: string, { quote, isPattern }: Place, placeholder: string): string {
  const literal = isPattern ? value.replaceAll(/[\\.+*?()|[\]{}^$]/g, String.raw`\$&`) : value;
  switch (quote) {
    case '"':
    case "'":
      return literal
        .replaceAll('\\', String.raw`\\`)
        .replaceAll(quote, `\\${quote}`)
        .replaceAll('\n', String.raw`\n`);
    case '`':
      if (!literal.includes('`')) return literal;
      throw new Error(`{{${placeholder}}} has a value with a backquote, which a string in backquotes cannot hold`);
    case undefined:
      throw new Error(`{{${placeholder}}} stands outside of a string: put it in quotes`);
  }
}
