import { execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import type { KubeClient } from '@slipway/kube/client';
import { services } from '@slipway/kube/resources';
import { connect } from '../packages/cli/src/connection/connection.ts';
import { eachAtOnce } from './at-once.ts';
import { startBenchCluster } from './cluster.ts';
import type { Outcome, Plan } from './reference/dns-load.ts';
import { median, rounded, type BenchRow } from './row.ts';

const run = promisify(execFile);
const namespace = 'default';
const named = 200;
const rounds = 3;
const target = 8_000;
/** As many as many pods ask at once. */
const underWay = 64;
const types = { A: 1, SRV: 33 } as const;

/**
 * Addresses and ports of 200 Services, asked over UDP from this machine as pods ask, in turn with a bare server that says one
 * and the same; a process of its own each.
 */
export async function benchDns(): Promise<readonly BenchRow[]> {
  const cluster = await startBenchCluster({ options: ['--level', 'root', '--no-server', '--no-controller'] });
  const bare = await startBare();
  try {
    const { client } = await connect({ kubeconfig: cluster.kubeconfig });
    const questions = await createServices(client);
    const address = await addressOfDns(client);
    const [ours, theirs]: [number[], number[]] = [[], []];
    for (let round = 0; round < rounds; round++) {
      theirs.push(rateOf(await load({ address: '127.0.0.1', port: bare.port, questions })));
      ours.push(rateOf(await load({ address, port: 53, questions })));
    }
    if (median(theirs) < 1.25 * target)
      throw new Error(`the generator was the bottleneck: a bare server answered it ${median(theirs)} times a second`);
    return [
      {
        figure: `answers of DNS a second, addresses and ports of ${named} Services`,
        value: rounded(median(ours), 0),
        unit: 'answers/s',
        target: { atLeast: target },
        reference: `a bare UDP server with one answer: ${rounded(median(theirs), 0)} answers/s; ${underWay} questions under way`,
      },
    ];
  } finally {
    bare.stop();
    await cluster.stop();
  }
}

/** Of a round in which everything was answered, and answered right. */
function rateOf({ answers, wrong, lost, seconds }: Outcome): number {
  if (wrong + lost > 0) throw new Error(`${wrong} answers were wrong and ${lost} were lost`);
  return answers / seconds;
}

async function createServices(client: KubeClient): Promise<Plan['questions']> {
  const names = Array.from({ length: named }, (_, index) => `asked-${index}`);
  const ports = [{ name: 'http', port: 80, targetPort: 8080 }];
  await eachAtOnce(names, underWay, (name) =>
    client.create(services, { metadata: { namespace, name }, spec: { selector: { app: name }, ports } }),
  );
  return names.flatMap((name) => {
    const host = `${name}.${namespace}.svc.cluster.local`;
    return [
      { name: host, type: types.A },
      { name: `_http._tcp.${host}`, type: types.SRV },
    ];
  });
}

async function addressOfDns(client: KubeClient): Promise<string> {
  const { spec } = await client.get(services, { namespace: 'kube-system', name: 'kube-dns' });
  if (spec?.clusterIP === undefined) throw new Error('the cluster has no DNS; it needs the level root');
  return spec.clusterIP;
}

async function load(where: Pick<Plan, 'address' | 'port' | 'questions'>): Promise<Outcome> {
  const plan: Plan = { ...where, underWay, seconds: 3 };
  const { stdout } = await run(process.execPath, [programAt('dns-load.ts'), JSON.stringify(plan)]);
  return JSON.parse(stdout);
}

async function startBare(): Promise<{ readonly port: number; stop(): void }> {
  const child = spawn(process.execPath, [programAt('bare-dns.ts')], { stdio: ['ignore', 'pipe', 'inherit'] });
  const [line] = await once(createInterface({ input: child.stdout }), 'line');
  return { port: Number(line), stop: () => child.kill() };
}

function programAt(name: string): string {
  return fileURLToPath(new URL(`reference/${name}`, import.meta.url));
}
