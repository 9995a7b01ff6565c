/** What an API server has against a manifest, in words for whoever wrote it. */
import { isStatusReason, StatusError } from '@slipway/kube/status-error';
import { CommandFailure, usageFailure } from '../failure.ts';
import type { Manifest } from './manifest.ts';

const unfitting = /cannot unmarshal (\w+)(?: \S+)? into Go struct field \w+\.(\S+) of type (\S+)/;
/** Which kind it was is in the manifest that is named before. */
const preamble = /^\S+ in version "\S+" cannot be handled as a \S+: (?=strict decoding error)/;
const unknown = /unknown field "([^"]+)"/;

/** What a manifest that was tried or applied has failed with, in words for whoever wrote it. What no server said stays as it is. */
export function explainFailure(error: unknown, { source, object }: Manifest, namespace = ''): unknown {
  if (!(error instanceof StatusError)) return error;
  const { message, details } = error;
  const isNamespaceMissing = isStatusReason(error, 'NotFound') && details?.kind === 'namespaces';
  if (isStatusReason(error, 'Invalid', 'BadRequest'))
    return usageFailure(`${source}: ${explainRefusal(message, object.kind ?? '')}`, error);
  const advice = isNamespaceMissing ? [`Create it with: kubectl create namespace ${namespace}`] : [];
  return new CommandFailure([`${source}: ${message}`, ...advice].join('\n'), { cause: error });
}

/** Nothing is decided by the text, only said better; what is not known stays as the server said it. */
export function explainRefusal(message: string, kind: string): string {
  const unfit = explainType(message);
  return [
    unfit === undefined ? message.replace(preamble, '') : `${unfit.field}: ${unfit.message}`,
    `Nothing was changed. What fields there are: kubectl explain ${fieldOf(message, kind)}`,
  ].join('\n');
}

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

/** The field in which the fault is, as kubectl names it: `application.spec.strategy`. */
function fieldOf(message: string, kind: string): string {
  const path = unknown.exec(message)?.[1] ?? unfitting.exec(message)?.[2] ?? 'spec.';
  const parents = path
    .replaceAll(/\[[^\]]*\]/g, '')
    .split('.')
    .slice(0, -1);
  return [kind.toLowerCase(), ...parents].join('.');
}
