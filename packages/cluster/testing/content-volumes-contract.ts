import { stat, statfs } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import type { ConfigMap } from '@slipway/kube/api.generated';
import { systemClock } from '@slipway/kube/platform/system-clock';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { ReferencedObjects } from '../src/node/agent/referenced-objects.ts';
import { memoryFiles } from '../src/node/platform/memory-files.ts';
import { PodTokens } from '../src/node/volumes/pod-tokens.ts';
import { PodVolumes } from '../src/node/volumes/pod-volumes.ts';
import { RecordingApi, testContainer, testPod } from './pod-scenario.ts';
import type { ProcessRuntimeUnderTest } from './process-runtime-under-test.ts';
import { RuntimeHarness } from './program-runtime-contract.ts';

/** In each way that a container could: it says which of them have worked. */
const write = `cd /run/settings || exit 9
(echo changed >app.conf) 2>/dev/null && echo content
touch new 2>/dev/null && echo file
ln -sfn /etc ..data 2>/dev/null && echo link
rm -rf ..data app.conf 2>/dev/null && echo removed
mount -o remount,rw,bind /run/settings 2>/dev/null && echo mount
`;

/** What holds where mounts are real. */
export function describeContentVolumes(name: string, create: () => Promise<ProcessRuntimeUnderTest>): void {
  describe(`volumes of objects: ${name}`, () => {
    let underTest: ProcessRuntimeUnderTest;

    beforeAll(async () => {
      underTest = await create();
    });
    afterAll(() => underTest.close());

    it('have bounds of their own, below those of what containers are made on', async () => {
      const place = underTest.runtime.memoryDirectory ?? '';
      const [own, others] = await Promise.all([statfs(place), statfs(dirname(place))]);
      expect((await stat(place)).dev).not.toBe((await stat(dirname(place))).dev);
      expect((await stat(place)).mode & 0o777).toBe(0o700);
      expect(own.files).toBe(200 * 1024);
      expect(own.blocks).toBeGreaterThan(0);
      expect(own.blocks).toBeLessThan(others.blocks / 4);
    });

    it('are written by the node alone, and show what it writes', async () => {
      const { runtime } = underTest;
      const settings = (text: string): ConfigMap => ({ metadata: { name: 'settings' }, data: { 'app.conf': text } });
      const objects = new Map([['configmaps/settings', settings('one')]]);
      const volumes = createVolumes(underTest, objects);
      const pod = testPod({ volumes: [{ name: 'v', configMap: { name: 'settings' } }] });
      await volumes.prepare(pod);
      const mount = { name: 'v', mountPath: '/run/settings', readOnly: false };
      const mounts = await volumes.mountsOf(pod, testContainer({ volumeMounts: [mount] }), {});
      const harness = new RuntimeHarness(runtime);
      const sandbox = await harness.createSandbox();
      const command = ['/bin/sh', '-c', `${write}cat app.conf; echo; echo up; exec sleep 982`];
      const container = await harness.start(sandbox, { command, mounts });
      await container.says('up\n');
      expect(container.output()).toBe('one\nup\n');
      objects.set('configmaps/settings', settings('two'));
      await volumes.refresh(pod);
      const request = { command: ['cat', '/run/settings/app.conf'], timeoutMilliseconds: 60_000 };
      const { stdout } = await runtime.exec(container.id, request);
      expect(Buffer.from(stdout).toString()).toBe('two');
      await runtime.removeSandbox(sandbox.podUid);
    });
  });
}

function createVolumes(
  { runtime, dataDirectory }: ProcessRuntimeUnderTest,
  objects: Map<string, ConfigMap>,
): PodVolumes {
  const { client } = new RecordingApi(objects);
  return new PodVolumes({
    files: memoryFiles,
    clock: systemClock,
    random: () => 0.5,
    objects: new ReferencedObjects(client),
    tokens: new PodTokens({ client, clock: systemClock }),
    nodeName: 'node',
    nodeIP: '192.0.2.1',
    allocatable: { cpu: '2', memory: '4Gi' },
    directory: join(runtime.memoryDirectory ?? dataDirectory, 'node'),
  });
}
