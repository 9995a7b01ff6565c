import { hostname } from 'node:os';
import { expect, it } from 'vitest';
import { shell, soon, work, type PodLives } from '../support/pod-lives.ts';

export function privileges(pods: PodLives): void {
  const identified = pods.given('identified', {
    restartPolicy: 'Never',
    securityContext: { runAsUser: 1234, runAsGroup: 2345, fsGroup: 3456, supplementalGroups: [4567] },
    containers: [
      shell(
        'id; touch /work/file; stat -c "%u %g" /work/file; stat -Lc "%a %g" /secret/pass; cat /secret/pass; echo; echo said >/dev/stdout',
        {
          volumeMounts: [work, { name: 'secret', mountPath: '/secret' }],
        },
      ),
    ],
    volumes: [
      { name: 'work', emptyDir: {} },
      { name: 'secret', secret: { secretName: 'login', defaultMode: 0o400 } },
    ],
  });
  it('users and groups are those that are asked for, also of volumes', async () => {
    expect(await pods.result(identified)).toEqual([
      'uid=1234 gid=2345 groups=2345,3456,4567',
      '1234 3456',
      '440 3456',
      'p$w',
      'said',
    ]);
  });

  const naming = pods.given('naming', {
    restartPolicy: 'Never',
    hostNetwork: true,
    containers: [
      shell('echo $HOSTNAME; cat /etc/hostname; hostname; echo another >/proc/sys/kernel/hostname; hostname', {
        securityContext: { privileged: true },
      }),
    ],
  });
  it('a pod on the network of its node has its name, and the machine keeps its own whatever the pod does', async () => {
    const machine = hostname();
    expect(await pods.result(naming)).toEqual([machine, machine, machine, 'another']);
    expect(hostname()).toBe(machine);
  });

  const confined = pods.given('confined', {
    restartPolicy: 'Never',
    containers: [
      shell(
        'for path in / /tmp /etc /usr /work /read; do touch $path/file 2>/dev/null && echo $path; done; df --output=fstype,size /memory | tail -1',
        {
          securityContext: { readOnlyRootFilesystem: true },
          volumeMounts: [
            work,
            { name: 'memory', mountPath: '/memory' },
            { name: 'work', mountPath: '/read', readOnly: true },
          ],
        },
      ),
    ],
    volumes: [
      { name: 'work', emptyDir: {} },
      { name: 'memory', emptyDir: { medium: 'Memory', sizeLimit: '1Mi' } },
    ],
  });
  it('only volumes can be written with a read-only root, and volumes in memory have a size', async () => {
    expect(await pods.result(confined)).toEqual(['/work', expect.stringMatching(/^tmpfs +1024$/)]);
  });

  const rootless = pods.given('rootless', { securityContext: { runAsNonRoot: true }, containers: [shell('id')] });
  it('nobody is root where nobody may be', async () => {
    await soon(() => pods.statuses(rootless).at(-1)).toBe('CreateContainerConfigError');
    const { metadata } = await pods.when(rootless, () => true);
    await soon(() => pods.events(rootless)).toContain(
      `Failed: Error: container has runAsNonRoot and image will run as root (pod: "rootless_default(${metadata.uid})", container: main)`,
    );
  });
}
