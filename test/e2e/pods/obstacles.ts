import { expect, it } from 'vitest';
import { mainOf, shell, soon, work, type PodLives } from '../support/pod-lives.ts';

export function obstacles(pods: PodLives): void {
  const absent = pods.given('no-image', { containers: [{ name: 'main', image: 'absent:v1' }] });
  it('for want of its image says what to do, and tries again', async () => {
    const pod = await pods.when(absent, (seen) => mainOf(seen)?.state?.waiting?.reason === 'ImagePullBackOff');
    expect(mainOf(pod)?.state?.waiting?.message).toContain(
      'Back-off pulling image "absent:v1": ErrImagePull: image "docker.io/library/absent:v1" is not on this machine',
    );
    // What kubectl shows may come later than what it tells of.
    await soon(() => pods.statuses(absent)).toContain('ErrImagePull');
    expect((await pods.cluster.kubectl('logs', absent)).stderr).toMatch(
      /is waiting to start: (?:image can't be pulled|trying and failing to pull image)/,
    );
    await soon(() => pods.events(absent)).toEqual(
      expect.arrayContaining([
        'Pulling: Pulling image "absent:v1"',
        'Failed: Error: ErrImagePull',
        'BackOff: Back-off pulling image "absent:v1"',
        'Failed: Error: ImagePullBackOff',
      ]),
    );
  });

  it.each(
    [
      {
        name: 'never-pulled',
        container: { name: 'main', image: 'absent:v1', imagePullPolicy: 'Never' as const },
        status: 'ErrImageNeverPull',
        event: 'ErrImageNeverPull: Container image "absent:v1" is not present with pull policy of Never',
      },
      {
        name: 'bad-name',
        container: { name: 'main', image: 'Not A Name' },
        status: 'InvalidImageName',
        event:
          'InspectFailed: Failed to apply default image tag "Not A Name": couldn\'t parse image name "Not A Name": invalid reference format',
      },
      {
        name: 'no-program',
        container: { name: 'main', image: 'machine', command: ['no-such-program'] },
        status: 'CrashLoopBackOff',
        event:
          'Failed: Error: failed to start container process: exec: "no-such-program": executable file not found in $PATH',
      },
    ].map((row) => ({ ...row, pod: pods.given(row.name, { containers: [row.container] }) })),
  )('shows $status: $name', async ({ pod, status, event }) => {
    await soon(() => pods.statuses(pod).at(-1)).toBe(status);
    await soon(() => pods.events(pod)).toContain(event);
  });

  const unsettled = pods.given('no-settings', {
    containers: [shell('sleep 1000', { envFrom: [{ configMapRef: { name: 'settings' } }] })],
  });
  const unmounted = pods.given('no-files', {
    containers: [shell('sleep 1000', { volumeMounts: [work] })],
    volumes: [{ name: 'work', configMap: { name: 'settings' } }],
  });
  it('for want of a ConfigMap goes on when it is there', async () => {
    await soon(() => pods.statuses(unsettled).at(-1)).toBe('CreateContainerConfigError');
    await soon(() => pods.events(unsettled)).toContain('Failed: Error: configmap "settings" not found');
    await soon(() => pods.events(unmounted)).toContain(
      'FailedMount: MountVolume.SetUp failed for volume "work" : configmap "settings" not found',
    );
    await soon(() => pods.statuses(unmounted).at(-1)).toBe('ContainerCreating');
    await pods.apply({ apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'settings' }, data: { A: '1' } });
    await Promise.all([pods.wait(unsettled, 'condition=Ready'), pods.wait(unmounted, 'condition=Ready')]);
    const shown = () => {
      const statuses = pods.statuses(unsettled);
      return statuses.slice(statuses.indexOf('CreateContainerConfigError'));
    };
    await soon(shown).toEqual(['CreateContainerConfigError', 'Running']);
  });

  const unhooked = pods.given('bad-hook', {
    containers: [shell('sleep 1000', { lifecycle: { postStart: { exec: { command: ['false'] } } } })],
  });
  it('because of its postStart hook is started again', async () => {
    await soon(() => pods.events(unhooked)).toEqual(
      expect.arrayContaining(['FailedPostStartHook: PostStartHook failed', 'Killing: FailedPostStartHook']),
    );
    await soon(() => pods.statuses(unhooked)).toContain('CrashLoopBackOff');
    expect(pods.statuses(unhooked)).not.toContain('Running');
  });
}
