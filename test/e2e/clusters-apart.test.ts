/** Two clusters of one machine that forwards packets, as machines with Docker do: each works, and they do not meet. */
import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { execute, missing, slipwayEntry } from './support/execute.ts';
import { removeFolder, root, type Person } from './support/person.ts';
import { startCluster, type TestCluster } from './support/slipway.ts';

const reason = root.reason ?? (await missing('kubectl')) ?? (await missing('iptables'));

/** What Docker puts down when it starts: https://docs.docker.com/engine/network/packet-filtering-firewalls/ */
const dockerRules = [
  '*filter',
  ':FORWARD DROP',
  ':DOCKER -',
  ':DOCKER-USER -',
  ':DOCKER-ISOLATION-STAGE-1 -',
  ':DOCKER-ISOLATION-STAGE-2 -',
  '-A FORWARD -j DOCKER-USER',
  '-A FORWARD -j DOCKER-ISOLATION-STAGE-1',
  '-A FORWARD -o docker0 -j DOCKER',
  '-A FORWARD -i docker0 -j ACCEPT',
  '-A DOCKER-ISOLATION-STAGE-1 -i docker0 ! -o docker0 -j DOCKER-ISOLATION-STAGE-2',
  '-A DOCKER-ISOLATION-STAGE-1 -j RETURN',
  '-A DOCKER-ISOLATION-STAGE-2 -o docker0 -j DROP',
  '-A DOCKER-ISOLATION-STAGE-2 -j RETURN',
  '-A DOCKER-USER -j RETURN',
  'COMMIT',
  '*nat',
  '-A POSTROUTING -s 172.17.0.0/16 ! -o docker0 -j MASQUERADE',
  'COMMIT',
].join('\n');

/** Answers by HTTP and by UDP. */
const program = `
  require('node:http').createServer((request, response) => response.end('served')).listen(8080);
  const socket = require('node:dgram').createSocket('udp4');
  socket.on('message', (message, { port, address }) => socket.send('served', port, address));
  socket.bind(8081);`;

/** Prints what each place says within two seconds: `pod=served service=nothing …`. */
const asker = `
  const { createSocket } = require('node:dgram');
  const fetched = (url) => fetch(url, { signal: AbortSignal.timeout(2_000) }).then((said) => said.text(), () => 'nothing');
  const sent = (host, port, message) => new Promise((resolve) => {
    const socket = createSocket('udp4');
    const settle = (said) => { clearTimeout(timer); socket.close(); resolve(said); };
    const timer = setTimeout(settle, 2_000, 'nothing');
    socket.on('message', () => settle('served'));
    socket.send(message, port, host, (error) => { if (error) settle('nothing'); });
  });
  const [pod, service, dns, node, port] = process.argv.slice(1);
  const question = Buffer.from('000101000001000000000000' + '03776562' + '0764656661756c74' + '03737663' +
    '07636c7573746572' + '056c6f63616c' + '00' + '00010001', 'hex');
  Promise.all([
    fetched('http://' + pod + ':8080'), fetched('http://' + service), fetched('http://' + node + ':' + port),
    sent(pod, 8081, 'x'), sent(dns, 53, question),
  ]).then(([...all]) => console.log(all.join(' ')));`;

const everything = 'served served served served served';
const nothing = 'nothing nothing nothing nothing nothing';

/** A machine of its own, as far as its network goes: a namespace, which ends with its holder. */
interface Machine {
  readonly person: Person;
  run(program: string, ...words: readonly string[]): Promise<string>;
  end(): Promise<void>;
}

async function startMachine(): Promise<Machine> {
  const holder: ChildProcess = spawn(
    'unshare',
    ['--net', 'sh', '-c', 'ip link set lo up && echo ready && read never'],
    {
      stdio: ['pipe', 'pipe', 'inherit'],
    },
  );
  const { stdout } = holder;
  if (stdout === null) throw new Error('the holder of the network has no output');
  await once(stdout, 'data');
  const commandOf: Person['commandOf'] = (file, words) => [
    'nsenter',
    `--net=/proc/${holder.pid}/ns/net`,
    file,
    ...words,
  ];
  const execution: Person['run'] = (file, ...words) => {
    const [first, ...others] = commandOf(file, words);
    return execute(first, others);
  };
  const slipway: Person['slipway'] = (...words) => execution(process.execPath, slipwayEntry, ...words);
  return {
    person: { ...root, commandOf, run: execution, slipway },
    run: async (file, ...words) => {
      const { exitCode, stdout: said, stderr } = await execution(file, ...words);
      if (exitCode !== 0) throw new Error(`${file} ${words.join(' ')} failed: ${stderr}`);
      return said.trim();
    },
    end: async () => {
      const ended = once(holder, 'close');
      holder.kill('SIGKILL');
      await ended;
    },
  };
}

describe.skipIf(reason !== undefined)(`clusters of one machine${reason === undefined ? '' : ` (${reason})`}`, () => {
  let machine: Machine;
  let clusters: readonly TestCluster[] = [];

  const ask = (cluster: TestCluster, ...words: readonly string[]): Promise<string> =>
    machine.run('kubectl', '--kubeconfig', join(cluster.directory, 'merged.kubeconfig'), ...words);

  async function placesOf(cluster: TestCluster): Promise<readonly string[]> {
    const read = (path: string, ...words: readonly string[]) =>
      ask(cluster, 'get', ...words, '-o', `jsonpath={${path}}`);
    return Promise.all([
      read('.status.podIP', 'pod', 'web'),
      read('.spec.clusterIP', 'service', 'web'),
      read('.spec.clusterIP', 'service', 'kube-dns', '-n', 'kube-system'),
      read('.items[0].status.addresses[0].address', 'nodes'),
      read('.spec.ports[0].nodePort', 'service', 'web'),
    ]);
  }

  /** What a pod of each cluster is answered by each of them: from the first to the first, to the second, and so on. */
  async function meetings(): Promise<readonly string[]> {
    const places = await Promise.all(clusters.map(placesOf));
    return Promise.all(
      clusters.flatMap((from) => places.map((to) => ask(from, 'exec', 'web', '--', 'node', '-e', asker, ...to))),
    );
  }

  beforeAll(async () => {
    machine = await startMachine();
    await machine.run('sh', '-c', 'echo 1 >/proc/sys/net/ipv4/ip_forward');
    const { person } = machine;
    const first = await startCluster({ person });
    clusters = [first];
    clusters = [first, await startCluster({ person })];
    for (const cluster of clusters) {
      await ask(cluster, 'run', 'web', '--image=node:24', '--command', '--', 'node', '-e', program);
      await ask(cluster, 'expose', 'pod', 'web', '--port=80', '--target-port=8080', '--type=NodePort');
      await ask(cluster, 'wait', '--for=condition=Ready', 'pod/web', '--timeout=30s');
    }
  }, 120_000);

  afterAll(async () => {
    for (const cluster of clusters) {
      await cluster.down();
      await removeFolder(cluster.directory);
    }
    await machine?.end();
  });

  it('do not meet where the machine forwards everything, and each serves its own pods', async () => {
    await expect.poll(meetings, { timeout: 30_000 }).toEqual([everything, nothing, nothing, everything]);
  });

  it('have NodePorts at 127.0.0.1, each port for the first that asks for it, and the other one is told', async () => {
    const [first, second] = clusters;
    if (first === undefined || second === undefined) throw new Error('there are no two clusters');
    const words = ['create', 'service', 'nodeport', 'chosen', '--tcp=80:8080', '--node-port=30005'];
    const select = ['patch', 'service', 'chosen', '-p', '{"spec":{"selector":{"app":null,"run":"web"}}}'];
    const fetchBody = "fetch('http://127.0.0.1:30005').then((said) => said.text(), () => 'nothing').then(console.log)";
    const fetched = (): Promise<string> => machine.run(process.execPath, '-e', fetchBody);
    await ask(first, ...words);
    await ask(first, ...select);
    await expect.poll(fetched, { timeout: 30_000 }).toBe('served');
    await ask(second, ...words);
    await ask(second, ...select);
    const selector = 'involvedObject.name=chosen,reason=PortNotServed';
    const told = (): Promise<string> => ask(second, 'get', 'events', '--field-selector', selector, '-o', 'name');
    await expect.poll(told, { timeout: 30_000 }).toMatch(/^event\//);
    await ask(first, 'delete', 'service', 'chosen');
    await expect.poll(fetched, { timeout: 30_000 }).toBe('served');
  });

  it("do not meet behind Docker's rules either, and the machine reaches both", async () => {
    await machine.run('sh', '-c', 'echo "$0" | iptables-restore', dockerRules);
    expect(await meetings()).toEqual([everything, nothing, nothing, everything]);
    for (const cluster of clusters) {
      const places = await placesOf(cluster);
      expect(await machine.run(process.execPath, '-e', asker, ...places)).toBe(everything);
    }
  });

  it('reach an address of the machine that lies where clusters may be', async () => {
    const { person } = machine;
    await machine.run(
      'sh',
      '-c',
      'ip link add lan0 type bridge && ip address add 10.99.0.1/16 dev lan0 && ip link set lan0 up',
    );
    const third = await startCluster({ person });
    clusters = [...clusters, third];
    const listener = spawn('nsenter', [...person.commandOf(process.execPath, ['-e', program]).slice(1)], {
      stdio: 'ignore',
    });
    try {
      const words = ['--image=node:24', '--restart=Never', '--command', '--', 'node', '-e'];
      const fetching =
        "const ask = () => fetch('http://10.99.0.1:8080').then((said) => said.text()).then(console.log, () => setTimeout(ask, 100)); ask();";
      await ask(third, 'run', 'client', ...words, fetching);
      await ask(third, 'wait', '--for=jsonpath={.status.phase}=Succeeded', 'pod/client', '--timeout=30s');
      expect(await ask(third, 'logs', 'client')).toBe('served');
    } finally {
      listener.kill('SIGKILL');
    }
  });
});
