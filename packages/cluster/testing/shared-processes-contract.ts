import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { RuntimeHarness, type RuntimeUnderTest } from './program-runtime-contract.ts';

/** To every process of the pod, and to the first one by its number. Where that is another program, nothing is sent. */
const signalAll = `[ "$(tr -d '\\0' </proc/1/cmdline)" = pause ] || exit 9
for signal in HUP INT QUIT TERM KILL; do kill "-$signal" 1; kill "-$signal" -1; done`;

/** What holds where the containers of a pod can have processes of their own. */
export function describeSharedProcesses(name: string, create: () => Promise<RuntimeUnderTest>): void {
  describe(`shared processes: ${name}`, () => {
    let underTest: RuntimeUnderTest;

    beforeAll(async () => {
      underTest = await create();
    });
    afterAll(() => underTest.close());

    it('are below one that is called as in Kubernetes, and nothing else', async () => {
      const harness = new RuntimeHarness(underTest.runtime);
      const sandbox = await harness.createSandbox('web-0', { sharesProcesses: true });
      const script = `cat /proc/1/comm; tr '\\0' ' ' </proc/1/cmdline; echo; cat /proc/2/comm`;
      expect((await harness.run({ sandbox, script })).output).toBe('pause\npause \npause\n');
    });

    it('outlive every signal that a container sends to all it sees', async () => {
      const harness = new RuntimeHarness(underTest.runtime);
      const sandbox = await harness.createSandbox('web-0', { sharesProcesses: true });
      const begin = async () => {
        const container = await harness.start(sandbox, { command: ['/bin/sh', '-c', 'echo up; exec sleep 981'] });
        await container.says('up');
        return container;
      };
      const first = await begin();
      const sender = await harness.start(sandbox, { command: ['/bin/sh', '-c', signalAll] });
      expect((await sender.exit).exitCode).toBe(0);
      expect((await first.exit).exitCode).toBe(129);
      const again = await begin();
      await underTest.runtime.removeSandbox(sandbox.podUid);
      expect((await again.exit).exitCode).toBe(137);
    });
  });
}
