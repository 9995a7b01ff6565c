import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { awaitGate, gates, script, shell, soon, type PodLives } from '../support/pod-lives.ts';

export function logs(pods: PodLives): void {
  const speaking = pods.given(
    'speaking',
    {
      containers: [
        shell(`echo one; echo two >/dev/stdout; echo three; ${awaitGate('speak')}; echo four; sleep 1000`, {
          volumeMounts: [gates],
        }),
        shell('echo beside; sleep 1000', { name: 'other' }),
      ],
    },
    { labels: { app: 'speaking' } },
  );
  it('are chosen by container, length and time', async () => {
    await soon(() => pods.logs(speaking, '-c', 'main')).toBe('one\ntwo\nthree');
    await soon(() => pods.logs(speaking, '-c', 'other')).toBe('beside');
    // kubectl asks for the containers in no order.
    const all = await pods.logs(speaking, '--all-containers', '--prefix');
    expect(all.split('\n').toSorted()).toEqual([
      '[pod/speaking/main] one',
      '[pod/speaking/main] three',
      '[pod/speaking/main] two',
      '[pod/speaking/other] beside',
    ]);
    const ends = await pods.cluster.ask('logs', '-l', 'app=speaking', '--all-containers', '--tail=1');
    expect(ends.split('\n').toSorted()).toEqual(['beside', 'three']);
    expect(await pods.logs(speaking, '-c', 'main', '--tail=2', '--timestamps')).toMatch(
      /^\d{4}-\S+Z two\n\d{4}-\S+Z three$/,
    );
    expect(await pods.logs(speaking, '-c', 'main', '--since-time=2099-01-01T00:00:00Z')).toBe('');
    expect(await pods.logs(speaking, '-c', 'main', '--since=1h', '--limit-bytes=5')).toBe('one\nt');
    const previous = await pods.cluster.kubectl('logs', speaking, '-c', 'main', '--previous');
    expect(previous.stderr).toContain('previous terminated container "main" in pod "speaking" not found');
    const followed = pods.logs(speaking, '-c', 'main', '--follow', '--tail=1');
    await pods.open('speak');
    await soon(() => pods.logs(speaking, '-c', 'main', '--tail=1')).toBe('four');
    await pods.cluster.ask('delete', 'pod', speaking, '--now');
    expect(await followed).toMatch(/^(?:three\n)?four$/);
  });

  const much = pods.given('much', { restartPolicy: 'Never', containers: [shell('seq 1 300000')] });
  it('are rotated, and read on through all their files', async () => {
    const pod = await pods.when(much, ({ status }) => status?.phase === 'Succeeded');
    expect(await pods.logs(much, '--tail=2')).toBe('299999\n300000');
    const folder = join(pods.cluster.directory, 'pods', pod.metadata.uid ?? '', 'logs', 'main');
    expect((await readdir(folder)).length).toBeGreaterThan(1);
  });

  const web = `require('node:http').createServer((request, response) => response.end(request.method + ' ' + request.url)).listen(8080, process.env.POD_IP)`;
  const answering = pods.given('answering', {
    containers: [script(web, { ports: [{ containerPort: 8080 }], readinessProbe: { tcpSocket: { port: 8080 } } })],
  });
  it('and the ports of pods are reached through the API server', async () => {
    await pods.wait(answering, 'condition=Ready');
    const path = '/api/v1/namespaces/default/pods';
    expect(await pods.cluster.ask('get', '--raw', `${path}/${answering}:8080/proxy/a/b?c=1`)).toBe('GET /a/b?c=1');
    expect(await pods.cluster.ask('get', '--raw', `${path}/http:${answering}:8080/proxy/`)).toBe('GET /');
  });
}
