import { describe, expect, it } from 'vitest';
import type { TransportRequest } from '@slipway/kube/transport';
import { readDeleteOptions } from './delete-options.ts';
import { isDryRun } from './dry-run.ts';
import { readWriteOptions } from './write-options.ts';

interface Asked {
  readonly method: string;
  readonly query?: string;
  readonly body?: object;
  readonly type?: string;
}

function request({ method, query = '', body, type = 'application/json' }: Asked): TransportRequest {
  return {
    method,
    path: '/',
    query: new URLSearchParams(query),
    headers: { 'content-type': type },
    body: body === undefined ? undefined : { json: body },
  };
}

const apply = 'application/apply-patch+yaml';

describe('a write', () => {
  it.each<[Asked, string]>([
    [
      { method: 'POST', query: 'fieldValidation=Loose' },
      'CreateOptions.meta.k8s.io "" is invalid: fieldValidation: Unsupported value: "Loose": supported values: "", "Ignore", "Strict", "Warn"',
    ],
    [
      { method: 'PUT', query: 'dryRun=Some' },
      'UpdateOptions.meta.k8s.io "" is invalid: dryRun: Unsupported value: []string{"Some"}: supported values: "All"',
    ],
    [
      { method: 'PATCH', query: 'force=true', type: 'application/merge-patch+json' },
      'PatchOptions.meta.k8s.io "" is invalid: force: Forbidden: may not be specified for non-apply patch',
    ],
    [
      { method: 'PATCH', type: apply },
      'PatchOptions.meta.k8s.io "" is invalid: fieldManager: Required value: is required for apply patch',
    ],
  ])('is refused for %o', (asked, message) => {
    expect(() => readWriteOptions(request(asked))).toThrow(
      expect.objectContaining({ reason: 'Invalid', code: 422, message }),
    );
  });

  it('by apply may be forced', () => {
    const options = readWriteOptions(request({ method: 'PATCH', query: 'fieldManager=me&force=true', type: apply }));
    expect(options).toEqual({ dryRun: false, fieldValidation: 'Warn', fieldManager: 'me', force: true });
  });
});

describe('a deletion', () => {
  it('is a dry run by its body, whether that names its kind or not', () => {
    expect(isDryRun(request({ method: 'DELETE', body: { dryRun: ['All'] } }))).toBe(true);
    expect(isDryRun(request({ method: 'DELETE', body: { kind: 'DeleteOptions', dryRun: ['All'] } }))).toBe(true);
    expect(isDryRun(request({ method: 'DELETE', body: {} }))).toBe(false);
  });

  it('that says dryRun as it is not said is refused, and not carried out', () => {
    expect(() => isDryRun(request({ method: 'DELETE', body: { dryRun: 'All' } }))).toThrow(
      'json: cannot unmarshal string into Go struct field DeleteOptions.dryRun of type []string',
    );
  });

  it.each([
    [
      { propagationPolicy: 'Sideways' },
      'propagationPolicy: Unsupported value: "Sideways": supported values: "Foreground", "Background", "Orphan", "nil"',
    ],
    [
      { propagationPolicy: 'Orphan', orphanDependents: true },
      'propagationPolicy: Invalid value: "Orphan": orphanDependents and deletionPropagation cannot be both set',
    ],
  ])('is refused for %o', (options, message) => {
    expect(() => readDeleteOptions(options, new URLSearchParams())).toThrow(
      `DeleteOptions.meta.k8s.io "" is invalid: ${message}`,
    );
  });

  it.each([
    [true, 'Orphan'],
    [false, 'Background'],
  ])('with orphanDependents %s has the policy %s', (orphanDependents, policy) => {
    expect(readDeleteOptions({ orphanDependents }, new URLSearchParams()).propagationPolicy).toBe(policy);
  });
});
