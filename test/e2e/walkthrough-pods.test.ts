/** The same person's way with pods: by hand, in a terminal, from outside, and with companions. */
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { execute, missing, type Outcome } from './support/execute.ts';
import { whileRunning } from './support/running-command.ts';
import { startCluster, type TestCluster } from './support/slipway.ts';

const folder = fileURLToPath(new URL('support/walkthrough', import.meta.url));
const reason = await missing('kubectl');

describe.skipIf(reason !== undefined)(`walkthrough, pods${reason === undefined ? '' : ` (${reason})`}`, () => {
  let cluster: TestCluster;
  const ask = (...words: readonly string[]): Promise<string> => cluster.ask(...words);
  const kubectl = (...words: readonly string[]): readonly [string, ...string[]] => [
    'kubectl',
    '--kubeconfig',
    cluster.kubeconfig,
    ...words,
  ];
  /** In a terminal of its own, as a person types it. */
  const typed = (...words: readonly string[]): Promise<Outcome> =>
    execute('script', [
      '-qec',
      kubectl(...words)
        .map(quoted)
        .join(' '),
      '/dev/null',
    ]);

  beforeAll(async () => {
    cluster = await startCluster();
  });

  afterAll(() => cluster.stop());

  it('apply -f - of a pod: created, and again unchanged', async () => {
    const apply = (): Promise<Outcome> =>
      execute('sh', [
        '-c',
        `${kubectl('apply', '-f', '-').map(quoted).join(' ')} < ${quoted(`${folder}/test-pod.yaml`)}`,
      ]);
    expect((await apply()).stdout).toBe('pod/test-pod created\nservice/test-pod created\n');
    expect((await apply()).stdout).toBe('pod/test-pod unchanged\nservice/test-pod unchanged\n');
    await ask('wait', '--for=condition=Ready', 'pod/test-pod', '--timeout=60s');
  });

  it('get pods while one starts, and after', async () => {
    await ask('apply', '-f', `${folder}/waiting-pod.yaml`);
    const seen = (): Promise<string> => ask('get', 'pods', 'waiting', '--no-headers');
    await expect.poll(seen, { timeout: 30_000 }).toMatch(/^waiting +0\/1 +ContainerCreating +0 +\d+s$/);
    await ask('create', 'configmap', 'settings', '--from-literal=a=b');
    await ask('wait', '--for=condition=Ready', 'pod/waiting', '--timeout=60s');
    expect(await seen()).toMatch(/^waiting +1\/1 +Running +0 +\d+s$/);
    await ask('delete', 'pod', 'waiting');
  });

  it('describe pod: its events in order, with their sources', async () => {
    const events =
      /Scheduled .* default-scheduler .*\n.* Pulled .* kubelet .*\n.* Created .* kubelet .*\n.* Started .* kubelet /;
    await expect.poll(() => ask('describe', 'pod', 'test-pod'), { timeout: 30_000 }).toMatch(events);
  });

  it('exec: a command, and a shell in a real terminal', async () => {
    expect(await ask('exec', 'test-pod', '--', 'whoami')).toMatch(/^\S+$/);
    const script = 'test -t 0 && test -t 1 && stty -a | grep -c isig; exit 7';
    const { exitCode, stdout } = await typed('exec', '-it', 'test-pod', '--', '/bin/sh', '-c', script);
    expect({ exitCode, stdout }).toEqual({ exitCode: 7, stdout: expect.stringMatching(/^1\r\n/) });
  });

  it.each([
    { through: 'pod/test-pod', port: '8080' },
    { through: 'service/test-pod', port: '8888' },
  ])('port-forward $through, and the log of what was asked', async ({ through, port }) => {
    const path = `/by-${through}`;
    const answer = await whileRunning(kubectl('port-forward', through, `:${port}`), async (said) => {
      const [, address] = /Forwarding from (127\.0\.0\.1:\d+)/.exec(said) ?? [];
      return (await fetch(`http://${address}${path}`)).text();
    });
    expect(answer).toBe(`test-pod got ${path}\n`);
    const logged = `GET ${path}`;
    await expect.poll(() => ask('logs', 'test-pod', '--tail=1'), { timeout: 30_000 }).toBe(logged);
    expect(await ask('logs', 'test-pod', '--since=10m')).toMatch(new RegExp(`^serving\n(.*\n)*${logged}$`));
    expect(await ask('logs', 'test-pod', '--timestamps', '--tail=1')).toMatch(/^\d{4}-\d\d-\d\dT[\d:.]+Z GET \//);
    expect(await whileRunning(kubectl('logs', '-f', 'test-pod'), async (said) => said)).toMatch(/^serving\n/);
  });

  it('run -i --tty --rm: an interactive pod that is gone afterwards', async () => {
    const run = ['run', 'curl', '--image=node:24', '-i', '--tty', '--rm', '--restart=Never', '--quiet'];
    const program = "fetch('http://test-pod:8888/from-curl').then((a) => a.text()).then(console.log)";
    const { exitCode, stdout } = await typed(...run, '--command', '--', 'node', '-e', program);
    expect({ exitCode, stdout }).toMatchObject({ exitCode: 0, stdout: expect.stringContaining('got /from-curl') });
    const gone = (): Promise<Outcome> => cluster.kubectl('get', 'pod', 'curl');
    await expect.poll(gone, { timeout: 30_000 }).toMatchObject({ stderr: expect.stringContaining('"curl" not found') });
  });

  it('an adapter that lets some callers through, and an ambassador to the outside', async () => {
    await ask('apply', '-f', `${folder}/companions.yaml`);
    await ask('wait', '--for=condition=Ready', 'pod/companions', '--timeout=60s');
    const answers = await whileRunning(kubectl('port-forward', 'pod/companions', ':8080'), async (said) => {
      const [, address] = /Forwarding from (127\.0\.0\.1:\d+)/.exec(said) ?? [];
      const askAs = async (caller: string): Promise<string> => {
        const answer = await fetch(`http://${address}/`, { headers: { 'x-caller': caller } });
        return `${answer.status} ${await answer.text()}`;
      };
      await expect.poll(() => askAs('friend'), { timeout: 30_000 }).toBe('200 main heard: test-pod got /of-main\n');
      return askAs('stranger');
    });
    expect(answers).toBe('403 not you\n');
  });

  it('get events by the time at which they came', async () => {
    const times = await ask(
      'get',
      'events',
      '-A',
      '--sort-by=.metadata.creationTimestamp',
      '-o',
      'jsonpath={range .items[*]}{.metadata.creationTimestamp}{"\\n"}{end}',
    );
    const lines = times.split('\n');
    expect(lines.length).toBeGreaterThan(8);
    expect(lines).toEqual(lines.toSorted());
  });
});

/** As one word of a shell. */
function quoted(word: string): string {
  return `'${word.replaceAll("'", String.raw`'\''`)}'`;
}
