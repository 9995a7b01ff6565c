import { systemClock } from '@slipway/kube/platform/system-clock';
import { secrets } from '@slipway/kube/resources';
import { expect, test } from 'vitest';
import { createMemoryCluster } from '../../../../cluster/testing/memory-cluster.ts';
import { createMeasuringPorts } from './measuring-ports.ts';

test('Secrets are read from the namespace of the Application only', async () => {
  const { client, close } = await createMemoryCluster();
  for (const namespace of ['default', 'kube-system'])
    await client.create(secrets, {
      apiVersion: 'v1',
      kind: 'Secret',
      metadata: { name: `of-${namespace}`, namespace },
      data: { token: Buffer.from('t').toString('base64') },
    });
  const { signal } = new AbortController();
  const { readSecret, compile } = await createMeasuringPorts({ client, clock: systemClock, loopback: false })(
    'default',
  );
  expect(await readSecret('of-default', signal)).toMatchObject({ data: { token: 'dA==' } });
  await expect(readSecret('of-kube-system', signal)).rejects.toThrow('secrets "of-kube-system" not found');
  await expect(readSecret('../../kube-system/secrets/of-kube-system', signal)).rejects.toThrow('not found');
  expect(compile('value < 1.0', { value: 'double' }).evaluate({ value: 0 })).toBe(true);
  await close();
});
