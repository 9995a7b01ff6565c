/** Placeholders in a URL: encoded in its path and query; as a host only what is a DNS label. */
import { splitTemplate, valueOf, type PlaceholderValues } from './query-template.ts';

const label = /^[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?$/;

/** The URL with its placeholders replaced. Throws an error that says what cannot be. */
export function resolveUrl(template: string, values: PlaceholderValues): URL {
  const end = authorityEnd(template);
  const authority = fill(template.slice(0, end), (placeholder) => asLabel(placeholder, values));
  const rest = fill(template.slice(end), (placeholder) => asElement(placeholder, values));
  return parseHttpUrl(`${authority}${rest}`);
}

/** http or https, and no credentials: those belong in a Secret. */
export function parseHttpUrl(text: string): URL {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  if (url === undefined || (url.protocol !== 'http:' && url.protocol !== 'https:') || url.hostname === '')
    throw new Error('must be a URL that begins with http:// or https://');
  if (url.username !== '' || url.password !== '')
    throw new Error('must not hold credentials: put them in a Secret, and name it in secretRef');
  return url;
}

function authorityEnd(template: string): number {
  const start = template.indexOf('://');
  const end = template.slice(start + 3).search(/[/?#]/);
  return start === -1 || end === -1 ? template.length : start + 3 + end;
}

function fill(template: string, resolve: (placeholder: string) => string): string {
  return splitTemplate(template)
    .map((part) => ('text' in part ? part.text : resolve(part.placeholder)))
    .join('');
}

function asLabel(placeholder: string, values: PlaceholderValues): string {
  const value = valueOf(placeholder, values);
  if (label.test(value)) return value;
  throw new Error(`{{${placeholder}}} is "${value}", which is no part of a host's name`);
}

/** A URL reads `..` as a way up even where it is encoded. */
function asElement(placeholder: string, values: PlaceholderValues): string {
  const value = valueOf(placeholder, values);
  if (value === '.' || value === '..') throw new Error(`{{${placeholder}}} is "${value}", which is a way in a path`);
  return encodeURIComponent(value);
}
