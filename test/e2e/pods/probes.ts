import { expect, it } from 'vitest';
import { forever, gates, mainOf, script, shell, soon, type PodLives } from '../support/pod-lives.ts';

/** Ready only for who asks as the probe of its pod does. */
const webServer = `
  require('node:http').createServer((request, response) => {
    const right = request.url === '/ready?full=1' && request.headers['x-probe'] === 'yes' && request.headers.host === 'shop.example';
    response.writeHead(right ? 204 : 500).end();
  }).listen(8080, process.env.POD_IP);`;

/** grpc.health.v1.Health that knows the service "shop" and answers SERVING. */
const healthServer = `
  require('node:http2').createServer().on('stream', (stream) => {
    let asked = '';
    stream.on('data', (chunk) => (asked += chunk));
    stream.on('end', () => {
      const status = asked.endsWith('shop') ? 1 : 3;
      stream.respond({ ':status': 200, 'content-type': 'application/grpc' }, { waitForTrailers: true });
      stream.on('wantTrailers', () => stream.sendTrailers({ 'grpc-status': '0' }));
      stream.end(Buffer.from([0, 0, 0, 0, 2, 8, status]));
    });
  }).listen(8080, process.env.POD_IP);`;

/** A machine that is busy with other tests is slow to start a probe. */
const patient = { timeoutSeconds: 20 };

const ports = [{ name: 'web', containerPort: 8080 }];

export function probes(pods: PodLives): void {
  const httpHeaders = [
    { name: 'X-Probe', value: 'yes' },
    { name: 'Host', value: 'shop.example' },
  ];
  it.each(
    [
      { kind: 'httpGet', source: webServer, probe: { httpGet: { path: '/ready?full=1', port: 'web', httpHeaders } } },
      { kind: 'tcpSocket', source: webServer, probe: { tcpSocket: { port: 8080 } } },
      { kind: 'grpc', source: healthServer, probe: { grpc: { port: 8080, service: 'shop' } } },
      { kind: 'exec', source: 'setInterval(() => {}, 1000)', probe: { exec: { command: ['node', '-e', ''] } } },
    ].map(({ kind, source, probe }) => {
      const readinessProbe = { ...probe, periodSeconds: 30, ...patient };
      const name = `ready-${kind.toLowerCase()}`;
      return { kind, pod: pods.given(name, { containers: [script(source, { ports, readinessProbe })] }) };
    }),
  )('by $kind make ready long before the period is over', async ({ pod }) => {
    await pods.wait(pod, 'condition=Ready');
    const { status } = await pods.when(pod, () => true);
    const readyAt = status?.conditions?.find(({ type }) => type === 'Ready')?.lastTransitionTime ?? '';
    expect(Date.parse(readyAt) - Date.parse(status?.startTime ?? '')).toBeLessThan(25_000);
  });

  it.each(
    [
      {
        probe: { grpc: { port: 8080, service: 'other' } },
        output: 'service unhealthy (responded with "SERVICE_UNKNOWN")',
      },
      { probe: { httpGet: { path: '/', port: 8080 } }, output: 'Get "http://ADDRESS:8080/"' },
      { probe: { tcpSocket: { port: 9 } }, output: 'dial tcp ADDRESS:9: connect: connection refused' },
      { probe: { exec: { command: ['sh', '-c', 'echo not yet; exit 1'] } }, output: 'not yet' },
    ].map(({ probe, output }) => {
      const readinessProbe = { ...probe, periodSeconds: 1, initialDelaySeconds: 1, ...patient };
      const name = `unready-${Object.keys(probe)[0]?.toLowerCase()}`;
      return { output, pod: pods.given(name, { containers: [script(healthServer, { readinessProbe })] }) };
    }),
  )('say why not: $output', async ({ pod, output }) => {
    const { status } = await pods.when(pod, (seen) => mainOf(seen)?.started === true);
    const expected = `Unhealthy: Readiness probe failed: ${output.replace('ADDRESS', status?.podIP ?? '')}`;
    await soon(async () => (await pods.events(pod)).find((event) => event.startsWith(expected))).toBeDefined();
    expect(await pods.cluster.ask('get', 'pod', pod, '--no-headers')).toMatch(/ 0\/1 +Running +0 /);
  });

  const slow = pods.given('startup', {
    containers: [
      shell('sleep 1000', {
        volumeMounts: [gates],
        startupProbe: {
          exec: { command: ['test', '-e', '/gates/started'] },
          periodSeconds: 1,
          failureThreshold: 1000,
          ...patient,
        },
        livenessProbe: {
          exec: { command: ['test', '-e', '/gates/started'] },
          periodSeconds: 1,
          failureThreshold: 1,
          ...patient,
        },
      }),
    ],
  });
  it('of the start hold back all others', async () => {
    await soon(() => pods.events(slow)).toContain('Unhealthy: Startup probe failed: ');
    expect(mainOf(await pods.when(slow, () => true))).toMatchObject({ started: false, ready: false, restartCount: 0 });
    await pods.open('started');
    await pods.wait(slow, 'condition=Ready');
    expect(mainOf(await pods.when(slow, () => true))).toMatchObject({ started: true, restartCount: 0 });
  });

  it.each(
    ['startup', 'liveness'].map((kind) => {
      const probe = {
        exec: { command: ['sh', '-c', 'echo broken; exit 1'] },
        periodSeconds: 1,
        failureThreshold: 2,
        ...patient,
      };
      const container = shell(`trap '' TERM; ${forever}`, { [`${kind}Probe`]: probe });
      return { kind, pod: pods.given(`fails-${kind}`, { containers: [container] }) };
    }),
  )('of $kind replace a container that fails them', async ({ kind, pod }) => {
    const title = `${kind.slice(0, 1).toUpperCase()}${kind.slice(1)}`;
    await pods.when(pod, (seen) => (mainOf(seen)?.restartCount ?? 0) > 0);
    const replaced = await pods.when(pod, (seen) => mainOf(seen)?.lastState?.terminated !== undefined);
    expect(mainOf(replaced)?.lastState?.terminated).toMatchObject({ exitCode: 137, reason: 'Error' });
    const expected = [
      `Unhealthy: ${title} probe failed: broken\n`,
      `Killing: Container main failed ${kind} probe, will be restarted`,
    ];
    await soon(() => pods.events(pod)).toEqual(expect.arrayContaining(expected));
  });

  const switched = pods.given('switched', {
    containers: [
      shell('sleep 1000', {
        volumeMounts: [gates],
        readinessProbe: {
          exec: { command: ['sh', '-c', '! test -e /gates/switched'] },
          periodSeconds: 1,
          failureThreshold: 1,
          ...patient,
        },
      }),
    ],
  });
  it('of readiness take a pod out without ending it', async () => {
    await pods.wait(switched, 'condition=Ready');
    await pods.open('switched');
    await pods.wait(switched, 'condition=Ready=false');
    const pod = await pods.when(switched, () => true);
    expect(pod.status?.conditions?.find(({ type }) => type === 'Ready')).toMatchObject({
      reason: 'ContainersNotReady',
      message: 'containers with unready status: [main]',
    });
    expect(mainOf(pod)).toMatchObject({ restartCount: 0, ready: false, started: true });
  });
}
