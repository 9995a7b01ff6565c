/** The forms of names, from https://kubernetes.io/docs/concepts/overview/working-with-objects/names/. */

const label1123 = /^[a-z0-9]([-a-z0-9]*[a-z0-9])?$/;
const subdomain1123 = /^[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*$/;
const label1035 = /^[a-z]([-a-z0-9]*[a-z0-9])?$/;
const qualifiedName = /^([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]$/;
const labelValue = /^(([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9])?$/;

const subdomainRule =
  "a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, '-' or '.', and must start and end with an alphanumeric character (e.g. 'example.com', regex used for validation is '[a-z0-9]([-a-z0-9]*[a-z0-9])?(\\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*')";
const label1123Rule =
  "a lowercase RFC 1123 label must consist of lower case alphanumeric characters or '-', and must start and end with an alphanumeric character (e.g. 'my-name',  or '123-abc', regex used for validation is '[a-z0-9]([-a-z0-9]*[a-z0-9])?')";
const label1035Rule =
  "a DNS-1035 label must consist of lower case alphanumeric characters or '-', start with an alphabetic character, and end with an alphanumeric character (e.g. 'my-name',  or 'abc-123', regex used for validation is '[a-z]([-a-z0-9]*[a-z0-9])?')";
const qualifiedRule =
  "name part must consist of alphanumeric characters, '-', '_' or '.', and must start and end with an alphanumeric character (e.g. 'MyName',  or 'my.name',  or '123-abc', regex used for validation is '([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]')";
const labelValueRule =
  "a valid label must be an empty string or consist of alphanumeric characters, '-', '_' or '.', and must start and end with an alphanumeric character (e.g. 'MyValue',  or 'my_value',  or '12345', regex used for validation is '(([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9])?')";

/** Each gives what is wrong with the text, or nothing: with a name, or with a prefix that a generated part follows. */
export type NameRule = (text: string, as?: 'prefix') => readonly string[];

const none: readonly never[] = [];

function rule(pattern: RegExp, maximum: number, message: string): NameRule {
  return (given, as) => {
    const text = as === 'prefix' ? withoutLastDash(given) : given;
    const isInPattern = pattern.test(text);
    if (isInPattern && text.length <= maximum) return none;
    const length = text.length > maximum ? [`must be no more than ${maximum} characters`] : none;
    return isInPattern ? length : [...length, message];
  };
}

/** A prefix may end in a dash, since something follows it. What stands before the dash is let through too, as in Kubernetes. */
function withoutLastDash(prefix: string): string {
  return prefix.length > 1 && prefix.endsWith('-') ? `${prefix.slice(0, -2)}a` : prefix;
}

export const dns1123Subdomain: NameRule = rule(subdomain1123, 253, subdomainRule);
export const dns1123Label: NameRule = rule(label1123, 63, label1123Rule);
export const dns1035Label: NameRule = rule(label1035, 63, label1035Rule);
export const labelValueText: NameRule = rule(labelValue, 63, labelValueRule);

/** Names of a URL path segment, as the oldest kinds allow. */
export const pathSegment: NameRule = (text, as) => {
  if (as !== 'prefix' && (text === '.' || text === '..')) return [`may not be '${text}'`];
  return ['/', '%'].filter((each) => text.includes(each)).map((each) => `may not contain '${each}'`);
};

export function qualifiedKey(text: string): readonly string[] {
  const parts = text.split('/');
  if (parts.length > 2)
    return [
      "a qualified name must consist of a name with an optional DNS subdomain prefix and '/' (e.g. 'example.com/MyName')",
    ];
  const [prefix, name = ''] = parts.length === 2 ? parts : [undefined, parts[0]];
  const length = name.length > 63 ? ['name part must be no more than 63 characters'] : [];
  return [
    ...(prefix === undefined ? [] : prefixFaults(prefix)),
    ...(name === '' ? ['name part must be non-empty'] : length),
    ...(qualifiedName.test(name) ? [] : [qualifiedRule]),
  ];
}

function prefixFaults(prefix: string): readonly string[] {
  if (prefix === '') return ['prefix part must be non-empty'];
  return dns1123Subdomain(prefix).map((fault) => `prefix part ${fault}`);
}
