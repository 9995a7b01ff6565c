/** What a list or a watch asks for besides its selectors. https://kubernetes.io/docs/reference/using-api/api-concepts/#semantics-for-get-and-list */
import { StatusError } from '@slipway/kube/status-error';
import type { Fault } from '../schema/definition.ts';
import { forbidden, notSupported } from '../schema/faults.ts';
import { invalidOptions } from './api-errors.ts';

export interface ListOptions {
  /** Objects a page; 0 for all. */
  readonly limit: number;
  readonly continueToken: string;
  /** Undefined for the newest. 0 for any. */
  readonly revision: number | undefined;
  readonly match: 'Exact' | 'NotOlderThan' | undefined;
}

const matches = ['Exact', 'NotOlderThan'] as const;

/** Throws `Invalid` or `BadRequest`. */
export function readListOptions(query: URLSearchParams): ListOptions {
  refuse(listFaults(query));
  // Of a watch: nobody waits for a list.
  parseInteger(query.get('timeoutSeconds'));
  return {
    limit: Math.max(0, parseInteger(query.get('limit'))),
    continueToken: query.get('continue') ?? '',
    revision: parseResourceVersion(query.get('resourceVersion') ?? ''),
    match: matches.find((match) => match === query.get('resourceVersionMatch')),
  };
}

/** After how many milliseconds it ends, 0 where that was before it began; undefined: not by itself. Throws `Invalid` or `BadRequest` for what no watch may ask for. */
export function readWatchTimeout(query: URLSearchParams): number | undefined {
  refuse(watchFaults(query));
  const seconds = parseInteger(query.get('timeoutSeconds'));
  return seconds === 0 ? undefined : Math.max(0, seconds) * 1_000;
}

/** Undefined where none is named. */
export function parseResourceVersion(text: string): number | undefined {
  if (text === '') return undefined;
  const revision = /^\d+$/.test(text) ? Number(text) : Number.NaN;
  if (Number.isSafeInteger(revision)) return revision;
  const fault = /^\d+$/.test(text) ? 'value out of range' : 'invalid syntax';
  throw new StatusError(
    'BadRequest',
    `invalid resource version: resourceVersion: Invalid value: ${JSON.stringify(text)}: strconv.ParseUint: parsing ${JSON.stringify(text)}: ${fault}`,
  );
}

function parseInteger(text: string | null): number {
  if (text === null) return 0;
  const isNumber = /^[+-]?\d+$/.test(text);
  // No number of 64 bits has more digits.
  if (isNumber && text.length <= 20 && BigInt.asIntN(64, BigInt(text)) === BigInt(text)) return Number(text);
  const fault = isNumber ? 'value out of range' : 'invalid syntax';
  throw new StatusError('BadRequest', `strconv.ParseInt: parsing ${JSON.stringify(text)}: ${fault}`);
}

function refuse(faults: readonly Fault[]): void {
  if (faults.length > 0) throw invalidOptions('ListOptions', faults);
}

const matchField = 'resourceVersionMatch';

function listFaults(query: URLSearchParams): readonly Fault[] {
  const initial = query.has('sendInitialEvents')
    ? [forbidden('sendInitialEvents', 'sendInitialEvents is forbidden for list')]
    : [];
  const match = query.get(matchField) ?? '';
  return match === '' ? initial : [...matchFaults(match, query), ...initial];
}

function matchFaults(match: string, query: URLSearchParams): readonly Fault[] {
  const resourceVersion = query.get('resourceVersion') ?? '';
  const faults: Fault[] = [];
  if (resourceVersion === '')
    faults.push(forbidden(matchField, 'resourceVersionMatch is forbidden unless resourceVersion is provided'));
  if ((query.get('continue') ?? '') !== '') faults.push(forbiddenWithContinue);
  if (!matches.some((known) => known === match)) faults.push(notSupported(matchField, match, [...matches, '']));
  if (match === 'Exact' && resourceVersion === '0')
    faults.push(forbidden(matchField, 'resourceVersionMatch "exact" is forbidden for resourceVersion "0"'));
  return faults;
}

const forbiddenWithContinue = forbidden(matchField, 'resourceVersionMatch is forbidden when continue is provided');

function watchFaults(query: URLSearchParams): readonly Fault[] {
  const match = query.get(matchField) ?? '';
  const hasInitial = query.has('sendInitialEvents');
  const faults: Fault[] = [];
  if (hasInitial && match !== 'NotOlderThan')
    faults.push(forbidden(matchField, 'sendInitialEvents requires setting resourceVersionMatch to NotOlderThan'));
  if (match === '') return faults;
  if (!hasInitial)
    faults.push(
      forbidden(matchField, 'resourceVersionMatch is forbidden for watch unless sendInitialEvents is provided'),
    );
  if (match !== 'NotOlderThan') faults.push(notSupported(matchField, match, ['NotOlderThan']));
  if ((query.get('continue') ?? '') !== '') faults.push(forbiddenWithContinue);
  return faults;
}
