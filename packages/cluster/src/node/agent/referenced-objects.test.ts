import type { ConfigMap } from '@slipway/kube/api.generated';
import type { KubeClient } from '@slipway/kube/client';
import { configMaps } from '@slipway/kube/resources';
import { whenAllIsSaid } from '@slipway/kube/turns';
import { describe, expect, it } from 'vitest';
import { FakeNodeApi } from '../../../testing/fake-node-api.ts';
import { testPod } from '../../../testing/pod-scenario.ts';
import { ReferencedObjects } from './referenced-objects.ts';

const named = { configMaps: ['settings', 'absent'], secrets: [] };

function given() {
  const api = new FakeNodeApi();
  const settings: ConfigMap = { metadata: { name: 'settings', namespace: 'default' }, data: { COLOUR: 'red' } };
  api.create(configMaps, settings);
  const asked: string[] = [];
  const get: KubeClient['get'] = (type, key) => {
    asked.push(key.name);
    return api.client.get(type, key);
  };
  const objects = new ReferencedObjects({ ...api.client, get });
  const colour = async (): Promise<string | undefined> =>
    (await objects.fetch(testPod(), named)).configMaps.get('settings')?.data?.['COLOUR'];
  return { api, asked, colour };
}

describe('objects that pods name', () => {
  it('are asked for once by pods that come together', async () => {
    const { asked, colour } = given();
    expect(await Promise.all([colour(), colour(), colour()])).toEqual(['red', 'red', 'red']);
    expect(asked).toEqual(['settings', 'absent']);
  });

  it('are asked for again by a pod that comes when the request has left', async () => {
    const { api, asked, colour } = given();
    const first = colour();
    while (asked.length === 0) await whenAllIsSaid();
    api.patch(configMaps, { namespace: 'default', name: 'settings' }, { data: { COLOUR: 'blue' } });
    expect([await colour(), asked.length]).toEqual(['blue', 4]);
    await first;
  });
});
