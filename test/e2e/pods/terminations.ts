import { expect, it } from 'vitest';
import { forever, mainOf, shell, soon, work, type PodLives } from '../support/pod-lives.ts';

const volumes = [{ name: 'work', emptyDir: {} }];
/** Ends when it is asked to, and says what its preStop hook has left. */
const patient = `trap 'cat /work/hook; echo asked; exit 0' TERM; echo began; ${forever}`;
/** Does not end when it is asked to. */
const stubborn = `trap 'echo asked' TERM; echo began; ${forever}`;

export function terminations(pods: PodLives): void {
  const asked = pods.given('asked', {
    terminationGracePeriodSeconds: 20,
    containers: [
      shell(patient, {
        volumeMounts: [work],
        lifecycle: {
          postStart: { exec: { command: ['sh', '-c', 'echo started >/work/hook'] } },
          // Long enough to be followed by a kubectl that is slow to start.
          preStop: { exec: { command: ['sh', '-c', 'echo stopping >>/work/hook; sleep 2'] } },
        },
      }),
    ],
    volumes,
  });
  it('calls preStop before SIGTERM, and waits for neither longer than they take', async () => {
    await pods.wait(asked, 'condition=Ready');
    const followed = pods.logs(asked, '--follow');
    await soon(() => pods.logs(asked)).toBe('began');
    const begun = performance.now();
    await pods.cluster.ask('delete', 'pod', asked);
    expect(performance.now() - begun).toBeLessThan(15_000);
    expect(await followed).toBe('began\nstarted\nstopping\nasked');
    await soon(() => pods.statuses(asked)).toContain('Terminating');
    await soon(() => pods.events(asked)).toContain('Killing: Stopping container main');
  });

  const overdue = pods.given('overdue', {
    terminationGracePeriodSeconds: 1,
    containers: [shell(stubborn, { lifecycle: { preStop: { exec: { command: ['sleep', '60'] } } } })],
  });
  it('lets preStop and SIGTERM share the grace period, with 2 s for SIGTERM at least', async () => {
    await soon(() => pods.logs(overdue)).toBe('began');
    const followed = pods.logs(overdue, '--follow');
    const begun = performance.now();
    await pods.cluster.ask('delete', 'pod', overdue);
    expect(performance.now() - begun).toBeGreaterThan(3000);
    expect(performance.now() - begun).toBeLessThan(15_000);
    expect(await followed).toBe('began\nasked');
    await soon(() => pods.events(overdue)).toContain('FailedPreStopHook: PreStopHook failed');
  });

  const hurried = pods.given('hurried', { terminationGracePeriodSeconds: 60, containers: [shell(stubborn)] });
  it('comes sooner by kubectl delete --now', async () => {
    await soon(() => pods.logs(hurried)).toBe('began');
    const begun = performance.now();
    await pods.cluster.ask('delete', 'pod', hurried, '--now');
    expect(performance.now() - begun).toBeLessThan(15_000);
  });

  const forced = pods.given('forced', { terminationGracePeriodSeconds: 60, containers: [shell(stubborn)] });
  it('of the object does not wait for the program with --force', async () => {
    await soon(() => pods.logs(forced)).toBe('began');
    const outcome = await pods.cluster.kubectl('delete', 'pod', forced, '--force', '--grace-period=0', '--wait=false');
    expect(outcome.stderr).toContain('Immediate deletion does not wait for confirmation');
    expect((await pods.cluster.kubectl('get', 'pod', forced)).stderr).toContain('pods "forced" not found');
  });

  const slept = pods.given('slept', {
    terminationGracePeriodSeconds: 20,
    containers: [shell(patient.replace('cat /work/hook; ', ''), { lifecycle: { preStop: { sleep: { seconds: 1 } } } })],
  });
  it('waits for a preStop that sleeps', async () => {
    await pods.wait(slept, 'condition=Ready');
    const begun = performance.now();
    await pods.cluster.ask('delete', 'pod', slept);
    expect(performance.now() - begun).toBeGreaterThan(1000);
  });

  const replaced = pods.given('replaced', {
    terminationGracePeriodSeconds: 60,
    containers: [
      shell(`trap 'exit 5' TERM; touch /work/ready; ${forever}`, {
        volumeMounts: [work],
        livenessProbe: {
          exec: { command: ['sh', '-c', '! test -e /work/ready'] },
          periodSeconds: 1,
          failureThreshold: 1,
          timeoutSeconds: 20,
        },
      }),
    ],
    volumes,
  });
  it('keeps the exit code that the program chose', async () => {
    const pod = await pods.when(replaced, (seen) => mainOf(seen)?.lastState?.terminated !== undefined);
    expect(mainOf(pod)?.lastState?.terminated).toMatchObject({ exitCode: 5, reason: 'Error' });
  });
}
