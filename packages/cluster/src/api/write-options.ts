/** What a write asks for besides its object. */
import { isFlagSet } from '@slipway/kube/query-flag';
import type { TransportRequest } from '@slipway/kube/transport';
import type { Fault } from '../schema/definition.ts';
import { forbidden, notSupported, required, tooLong } from '../schema/faults.ts';
import { invalidOptions } from './api-errors.ts';
import { isDryRun, optionsKind } from './dry-run.ts';
import { patchKind } from './patches.ts';

export interface WriteOptions {
  readonly dryRun: boolean;
  readonly fieldValidation: 'Ignore' | 'Warn' | 'Strict';
  /** Empty where none is named. */
  readonly fieldManager: string;
  /** Of an apply: fields of others are taken. */
  readonly force: boolean;
}

const validations = ['Ignore', 'Strict', 'Warn'] as const;
const maximumManagerLength = 128;

/** Of the many that say nothing. */
const usual: WriteOptions = { dryRun: false, fieldValidation: 'Warn', fieldManager: '', force: false };

/** Throws `Invalid` with every fault. */
export function readWriteOptions(request: TransportRequest): WriteOptions {
  const { method, query, headers } = request;
  if (query.size === 0 && !needsOptions(method, headers['content-type'] ?? '')) return usual;
  const fieldManager = query.get('fieldManager') ?? '';
  const validation = query.get('fieldValidation') ?? '';
  const faults = [
    ...(method === 'PATCH' ? patchFaults(query, headers['content-type'] ?? '') : []),
    ...(fieldManager.length > maximumManagerLength ? [tooLong('fieldManager', maximumManagerLength)] : []),
    ...(['', ...validations].includes(validation)
      ? []
      : [notSupported('fieldValidation', validation, ['', ...validations])]),
  ];
  if (faults.length > 0) throw invalidOptions(optionsKind(method), faults);
  return {
    dryRun: isDryRun(request),
    fieldValidation: validations.find((known) => known === validation) ?? 'Warn',
    fieldManager,
    force: isFlagSet(query, 'force'),
  };
}

/** An apply names its manager; what a deletion asks for may be in its body. */
function needsOptions(method: string, contentType: string): boolean {
  return method === 'PATCH' ? patchKind(contentType) === 'apply' : method !== 'POST' && method !== 'PUT';
}

function patchFaults(query: URLSearchParams, contentType: string): readonly Fault[] {
  if (patchKind(contentType) !== 'apply')
    return query.has('force') ? [forbidden('force', 'may not be specified for non-apply patch')] : [];
  return (query.get('fieldManager') ?? '') === '' ? [required('fieldManager', 'is required for apply patch')] : [];
}
