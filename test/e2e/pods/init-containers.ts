import { expect, it } from 'vitest';
import { awaitGate, forever, gates, shell, soon, work, type PodLives } from '../support/pod-lives.ts';

export function initContainers(pods: PodLives): void {
  const inOrder = pods.given('init-order', {
    restartPolicy: 'Never',
    initContainers: [
      shell(`${awaitGate('first')}; echo first >>/work/order`, { name: 'first', volumeMounts: [gates, work] }),
      shell(`${awaitGate('second')}; echo second >>/work/order`, { name: 'second', volumeMounts: [gates, work] }),
    ],
    containers: [shell(`${awaitGate('main')}; cat /work/order`, { volumeMounts: [gates, work] })],
    volumes: [{ name: 'work', emptyDir: {} }],
  });
  it('run one after the other, and then the others', async () => {
    await soon(() => pods.statuses(inOrder).at(-1)).toBe('Init:0/2');
    const refused = await pods.cluster.kubectl('logs', inOrder, '-c', 'main');
    expect(refused.stderr).toContain(`container "main" in pod "init-order" is waiting to start: PodInitializing`);
    await pods.open('first');
    await soon(() => pods.statuses(inOrder).at(-1)).toBe('Init:1/2');
    await pods.open('second');
    await soon(() => pods.statuses(inOrder).at(-1)).toBe('Running');
    await pods.open('main');
    expect(await pods.result(inOrder)).toEqual(['first', 'second']);
    await soon(() => pods.statuses(inOrder).at(-1)).toBe('Completed');
  });

  const failsForGood = pods.given('init-never', {
    restartPolicy: 'Never',
    initContainers: [shell('exit 3', { name: 'init' })],
    containers: [shell('exit 0')],
  });
  it('fail the pod with restartPolicy Never', async () => {
    await pods.wait(failsForGood, 'jsonpath={.status.phase}=Failed');
    await soon(() => pods.statuses(failsForGood).at(-1)).toBe('Init:Error');
  });

  const failsAgain = pods.given('init-on-failure', {
    restartPolicy: 'OnFailure',
    initContainers: [shell('exit 3', { name: 'init' })],
    containers: [shell('exit 0')],
  });
  it('are tried again with restartPolicy OnFailure', async () => {
    const { status } = await pods.onceIn(
      failsAgain,
      (seen) => seen.status?.initContainerStatuses?.[0]?.state?.waiting?.reason === 'CrashLoopBackOff',
    );
    expect(status?.initContainerStatuses).toMatchObject([{ restartCount: 1 }]);
    await soon(() => pods.statuses(failsAgain)).toContain('Init:CrashLoopBackOff');
  });

  const withSidecar = pods.given('sidecar', {
    restartPolicy: 'Never',
    initContainers: [
      shell(`trap 'echo bye; exit 0' TERM; echo hello; ${forever}`, {
        name: 'sidecar',
        restartPolicy: 'Always',
      }),
    ],
    containers: [shell(`${awaitGate('sidecar')}; echo done`, { volumeMounts: [gates] })],
  });
  it('with restartPolicy Always run beside the others and end after them', async () => {
    await pods.wait(withSidecar, 'condition=Ready');
    expect(await pods.cluster.ask('get', 'pod', withSidecar, '--no-headers')).toMatch(/ 2\/2 +Running /);
    await pods.open('sidecar');
    expect(await pods.result(withSidecar)).toEqual(['done']);
    expect(await pods.logs(withSidecar, '-c', 'sidecar')).toBe('hello\nbye');
  });
}
