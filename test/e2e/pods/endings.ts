import { expect, it } from 'vitest';
import { mainOf, script, shell, soon, work, type PodLives } from '../support/pod-lives.ts';

export function endings(pods: PodLives): void {
  const crashing = pods.given('crashing', {
    containers: [shell('echo attempt; echo last words >/dev/termination-log; exit 7')],
  });
  it('in failure is started again at once, after 10 s, after 20 s', async () => {
    const pod = await pods.onceIn(
      crashing,
      (seen) => mainOf(seen)?.restartCount === 1 && mainOf(seen)?.state?.waiting !== undefined,
    );
    expect(mainOf(pod)).toMatchObject({
      state: {
        waiting: {
          reason: 'CrashLoopBackOff',
          message: `back-off 10s restarting failed container=main pod=crashing_default(${pod.metadata.uid})`,
        },
      },
      lastState: { terminated: { exitCode: 7, reason: 'Error', message: 'last words\n' } },
      ready: false,
      started: false,
    });
    expect(await pods.logs(crashing, '--previous')).toBe('attempt');
    const next = await pods.onceIn(
      crashing,
      (seen) => mainOf(seen)?.restartCount === 2 && mainOf(seen)?.state?.waiting !== undefined,
    );
    expect(mainOf(next)?.state?.waiting?.message).toContain('back-off 20s restarting failed container=main');
    const waited =
      Date.parse(mainOf(next)?.lastState?.terminated?.startedAt ?? '') -
      Date.parse(mainOf(pod)?.lastState?.terminated?.finishedAt ?? '');
    expect(waited).toBeGreaterThanOrEqual(9000);
    expect(waited).toBeLessThan(20_000);
    await soon(() => pods.events(crashing)).toContain(
      `BackOff: Back-off restarting failed container main in pod crashing_default(${pod.metadata.uid})`,
    );
  });

  const second = pods.given('second-try', {
    restartPolicy: 'OnFailure',
    containers: [shell('[ -e /work/tried ] && exit 0; touch /work/tried; exit 1', { volumeMounts: [work] })],
    volumes: [{ name: 'work', emptyDir: {} }],
  });
  it('well is not started again with restartPolicy OnFailure', async () => {
    await pods.result(second);
    expect(mainOf(await pods.when(second, () => true))).toMatchObject({
      restartCount: 1,
      state: { terminated: { reason: 'Completed' } },
    });
  });

  const always = pods.given('always', { containers: [shell('exit 0')] });
  it('well is started again with restartPolicy Always', async () => {
    await soon(() => pods.statuses(always).at(-1)).toBe('CrashLoopBackOff');
    const { status } = await pods.when(always, (seen) => mainOf(seen)?.lastState?.terminated !== undefined);
    expect(status?.containerStatuses?.[0]?.lastState?.terminated).toMatchObject({ exitCode: 0, reason: 'Completed' });
  });

  const greedy = pods.given('greedy', {
    restartPolicy: 'Never',
    containers: [
      script(
        'const kept = []; for (let i = 0; i < 40; i += 1) kept.push(Buffer.alloc(4 << 20, 1)); setInterval(() => kept.length, 1e6)',
        { resources: { limits: { memory: '96Mi' } } },
      ),
    ],
  });
  it('for want of memory says so', async () => {
    await pods.wait(greedy, 'jsonpath={.status.phase}=Failed');
    const { terminated } = mainOf(await pods.when(greedy, () => true))?.state ?? {};
    expect(terminated).toMatchObject({ exitCode: 137, reason: 'OOMKilled' });
    const kill = 'OOMKilled: Container main was killed because it used more memory than its limit of 96Mi';
    await soon(async () => (await pods.events(greedy)).includes(kill)).toBe(true);
  });

  const spoken = pods.given('spoken', {
    restartPolicy: 'Never',
    containers: [shell('echo said at last; exit 4', { terminationMessagePolicy: 'FallbackToLogsOnError' })],
  });
  it('may say why in its log', async () => {
    await pods.wait(spoken, 'jsonpath={.status.phase}=Failed');
    await soon(() => pods.statuses(spoken).at(-1)).toBe('Error');
    expect(mainOf(await pods.when(spoken, () => true))?.state?.terminated).toMatchObject({
      exitCode: 4,
      message: 'said at last\n',
    });
  });

  const late = pods.given('late', { activeDeadlineSeconds: 1, containers: [shell('sleep 1000')] });
  it('fails when the pod is active for too long', async () => {
    await pods.wait(late, 'jsonpath={.status.reason}=DeadlineExceeded');
    expect((await pods.when(late, () => true)).status?.phase).toBe('Failed');
  });
}
