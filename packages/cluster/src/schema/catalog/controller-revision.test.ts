import { describe, expect, it } from 'vitest';
import { columnsOf, faultsOf, rowOf } from '../../../testing/catalog-checks.ts';
import { controllerRevision } from './controller-revision.ts';

const owner = { apiVersion: 'apps/v1', kind: 'StatefulSet', name: 'db', uid: 'u', controller: true };

describe('a ControllerRevision', () => {
  it('shows whose it is', () => {
    expect(columnsOf(controllerRevision)).toEqual(['Name', 'Controller', 'Revision', 'Age']);
    const object = { metadata: { ownerReferences: [owner] }, revision: 3 };
    expect(rowOf(controllerRevision, object)).toEqual({ Controller: 'statefulset.apps/db', Revision: 3 });
  });

  it('has data that stay as they are', () => {
    expect(faultsOf(controllerRevision, { metadata: {}, ...{ revision: -1 } })).toEqual([
      'data: Required value: data is mandatory',
      'revision: Invalid value: -1: must be greater than or equal to 0',
    ]);
    const [old, changed] = [{ a: 1 }, { a: 2 }].map((data) => ({ metadata: {}, data, revision: 1 }));
    expect(faultsOf(controllerRevision, { metadata: {}, ...changed }, old)).toEqual([
      'data: Invalid value: runtime.RawExtension: field is immutable',
    ]);
  });
});
