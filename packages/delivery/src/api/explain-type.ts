/** What an API server says of a value of a wrong type, in words for whoever wrote it. */

const unfitting = /cannot unmarshal (\w+)(?: \S+)? into Go struct field \w+\.(\S+) of type (\S+)/;

/** The value of a wrong type that the message names. */
export function explainType(message: string): { readonly field: string; readonly message: string } | undefined {
  const [, found = '', path, type = ''] = unfitting.exec(message) ?? [];
  if (path === undefined) return undefined;
  const quotes = type === 'string' && ['number', 'bool'].includes(found) ? ': write it in quotes' : '';
  return { field: path, message: `expected ${describeType(type)}, found ${describeType(found)}${quotes}` };
}

const unfittingInBody = /in body must be of type ([\w,]+): "(\w+)"$/;

/** Of a schema that names the value of a wrong type by the field; other sentences stay as they are. */
export function explainBodyType(message: string): string {
  const [, types, found = ''] = unfittingInBody.exec(message) ?? [];
  if (types === undefined) return message;
  const quotes = types === 'string' && ['integer', 'number', 'boolean'].includes(found) ? ': write it in quotes' : '';
  return `expected ${types.split(',').map(describeType).join(' or ')}, found ${describeType(found)}${quotes}`;
}

const words: Readonly<Record<string, string>> = {
  string: 'a string',
  integer: 'a whole number',
  number: 'a number',
  bool: 'true or false',
  boolean: 'true or false',
  object: 'a mapping',
  map: 'a mapping',
  array: 'a list',
};

function describeType(type: string): string {
  if (/^u?int\d*$/.test(type)) return 'a whole number';
  if (/^float\d*$/.test(type)) return 'a number';
  if (type.startsWith('[]')) return 'a list';
  return words[type] ?? type;
}
