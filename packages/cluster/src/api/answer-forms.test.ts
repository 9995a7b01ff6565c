import { systemClock } from '@slipway/kube/platform/system-clock';
import { describe, expect, it } from 'vitest';
import { createCatalog } from '../schema/catalog.ts';
import { formed } from './answer-forms.ts';
import type { WatchStreamEvent } from './watch-event.ts';

describe('a watch as tables', () => {
  it('carries the mark of where what existed ends in the row of its bookmark', async () => {
    const definition = createCatalog().find('rbac.authorization.k8s.io', 'v1', 'rolebindings');
    if (definition === undefined) throw new Error('the catalog has RoleBindings');
    const metadata = { resourceVersion: '7', annotations: { 'k8s.io/initial-events-end': 'true' } };
    async function* events(): AsyncIterable<WatchStreamEvent> {
      yield { type: 'BOOKMARK', object: { apiVersion: 'rbac.authorization.k8s.io/v1', kind: 'RoleBinding', metadata } };
    }
    const request = {
      method: 'GET',
      path: '',
      query: new URLSearchParams(),
      headers: { accept: 'application/json;as=Table;v=v1;g=meta.k8s.io' },
      signal: AbortSignal.abort(),
    };
    const at = { definition, path: { subresource: '' }, clock: systemClock };
    const sent = await Array.fromAsync(formed(events(), request, at));
    expect(sent).toMatchObject([
      {
        type: 'BOOKMARK',
        object: { kind: 'Table', metadata: { resourceVersion: '7' }, rows: [{ object: { metadata } }] },
      },
    ]);
  });
});
