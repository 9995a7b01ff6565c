/** What people do with kubectl, by every kubectl that this machine has: each in a namespace and with a node of its own. */
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { execute, type Outcome } from './support/execute.ts';
import { findKubectls, type Kubectl } from './support/kubectls.ts';
import { whileRunning } from './support/running-command.ts';
import { startCluster, type TestCluster } from './support/slipway.ts';

const kubectls = await findKubectls();

const program =
  "require('http').createServer((q,s)=>q.pipe(s)).listen(8080,process.env.POD_IP,()=>console.log('serving'));process.on('SIGTERM',()=>process.exit(0));setInterval(()=>console.log('still'),500)";

class Person {
  readonly namespace: string;
  readonly folder: string;
  readonly node: string;
  readonly minor: number;
  readonly #cluster: TestCluster;
  readonly #kubectl: Kubectl;

  constructor(cluster: TestCluster, kubectl: Kubectl) {
    this.#cluster = cluster;
    this.#kubectl = kubectl;
    this.minor = Number(kubectl.version.split('.')[1]);
    this.namespace = `by-1-${this.minor}`;
    this.folder = join(cluster.directory, this.namespace);
    this.node = `slipway-${kubectls.indexOf(kubectl) + 2}`;
  }

  get command(): readonly [string, ...(readonly string[])] {
    const config = ['--kubeconfig', this.#cluster.kubeconfig, '--cache-dir', join(this.folder, 'cache')];
    return [this.#kubectl.program, ...config, '--namespace', this.namespace];
  }

  kubectl(words: readonly string[], environment: Readonly<Record<string, string>> = {}): Promise<Outcome> {
    const [path, ...config] = this.command;
    return execute(path, [...config, ...words], environment);
  }

  /** Output of a kubectl that must succeed. */
  async ask(...words: readonly string[]): Promise<string> {
    const { exitCode, stdout, stderr } = await this.kubectl(words);
    if (exitCode !== 0) throw new Error(`${this.#kubectl.version}: kubectl ${words.join(' ')} failed: ${stderr}`);
    return stdout.trim();
  }

  field(object: string, path: string): Promise<string> {
    return this.ask('get', object, '-o', `jsonpath={${path}}`);
  }

  async saved(name: string, object: object): Promise<string> {
    const file = join(this.folder, name);
    await writeFile(file, JSON.stringify(object));
    return file;
  }

  deployment(name: string, replicas: number): object {
    const container = {
      name: 'main',
      image: 'node:24',
      command: ['node', '-e', program],
      ports: [{ containerPort: 8080 }],
    };
    const template = {
      metadata: { labels: { app: name } },
      spec: { nodeSelector: { 'kubernetes.io/hostname': this.node }, containers: [container] },
    };
    const spec = { replicas, selector: { matchLabels: { app: name } }, template };
    return { apiVersion: 'apps/v1', kind: 'Deployment', metadata: { name }, spec };
  }
}

describe.skipIf(kubectls.length === 0)(
  `kubectl ${kubectls.map(({ version }) => version).join(', ') || '(none)'}`,
  () => {
    let cluster: TestCluster;

    beforeAll(async () => {
      cluster = await startCluster({ words: ['--nodes', String(kubectls.length + 1)] });
      for (const kubectl of kubectls) {
        const person = new Person(cluster, kubectl);
        await mkdir(person.folder);
        await person.ask('create', 'namespace', person.namespace);
      }
    });

    afterAll(() => cluster.stop());

    describe.each(kubectls)('$version', { concurrent: true }, (kubectl) => {
      const person = (): Person => new Person(cluster, kubectl);

      it('creates by every generator', async () => {
        const { ask, kubectl: run, minor, namespace, folder } = bound(person());
        const { server } = JSON.parse(await readFile(join(cluster.directory, 'pki', 'certificates.json'), 'utf8'));
        const [certificate, key] = [join(folder, 'tls.crt'), join(folder, 'tls.key')];
        await writeFile(certificate, server.certificate);
        await writeFile(key, server.key);
        const image = '.spec.template.spec.containers[0].image';
        /** The words, a field of what is made, and its value. */
        const generated: ReadonlyArray<readonly [words: readonly string[], field: string, value: string]> = [
          [['configmap', 'made', '--from-literal=a=b'], '.data.a', 'b'],
          [['secret', 'generic', 'made', '--from-literal=a=b'], '.data.a', 'Yg=='],
          [
            ['secret', 'tls', 'made-tls', `--cert=${certificate}`, `--key=${key}`],
            '.data.tls\\.crt',
            Buffer.from(server.certificate).toString('base64'),
          ],
          [
            [
              'secret',
              'docker-registry',
              'pull',
              '--docker-username=a',
              '--docker-password=b',
              '--docker-server=example.com',
            ],
            '.type',
            'kubernetes.io/dockerconfigjson',
          ],
          [['serviceaccount', 'made'], '.metadata.namespace', namespace],
          [['role', 'made', '--verb=get', '--resource=pods'], '.rules[0].resources[0]', 'pods'],
          [
            ['rolebinding', 'made', '--role=made', '--serviceaccount=default:made'],
            '.subjects[0].namespace',
            'default',
          ],
          [['clusterrole', namespace, '--verb=get', '--resource=nodes'], '.rules[0].resources[0]', 'nodes'],
          [
            ['clusterrolebinding', namespace, `--clusterrole=${namespace}`, '--user=somebody'],
            '.subjects[0].name',
            'somebody',
          ],
          [['deployment', 'made', '--image=example.com/x', '--replicas=0'], image, 'example.com/x'],
          [['job', 'made', '--image=example.com/x'], image, 'example.com/x'],
          [['ingress', 'made', '--rule=made.localhost/=made:80'], '.spec.rules[0].host', 'made.localhost'],
          [['service', 'clusterip', 'made', '--tcp=80:8080'], '.spec.ports[0].targetPort', '8080'],
          [['service', 'nodeport', 'made-node', '--tcp=80:8080'], '.spec.type', 'NodePort'],
          [['service', 'loadbalancer', 'made-load', '--tcp=80:8080'], '.spec.type', 'LoadBalancer'],
          [
            ['service', 'externalname', 'made-name', '--external-name=example.com'],
            '.spec.externalName',
            'example.com',
          ],
          [['quota', 'made', '--hard=configmaps=1000'], '.spec.hard.configmaps', '1k'],
          [['priorityclass', namespace, '--value=10'], '.value', '10'],
          [['namespace', `${namespace}-more`], '.status.phase', 'Active'],
        ];
        /** Older kubectls ask for versions of these two that Kubernetes serves no more. */
        const later: typeof generated = [
          [['cronjob', 'made', '--image=example.com/x', '--schedule=0 0 1 1 *'], '.spec.schedule', '0 0 1 1 *'],
          [
            ['poddisruptionbudget', 'made', '--selector=app=nothing', '--min-available=1'],
            '.spec.selector.matchLabels.app',
            'nothing',
          ],
        ];
        const served = [...generated, ...(minor < 21 ? [] : later.slice(0, 1)), ...(minor < 22 ? [] : later.slice(1))];
        for (const [words, field, value] of served) {
          const made = await ask('create', ...words, '-o', `jsonpath={.metadata.uid} {${field}}`);
          const [uid, stored] = [made.slice(0, 36), made.slice(37)];
          expect(uid, `create ${words.join(' ')}`).toMatch(/^[\da-f-]{36}$/);
          expect(stored, `create ${words.join(' ')}`).toBe(value);
        }
        const tried = ['create', 'deployment', 'tried', '--image=example.com/x', '--dry-run=server'];
        expect(await ask(...tried)).toContain('created');
        expect((await run(['get', 'deployment', 'tried'])).stderr).toContain('"tried" not found');
        for (const what of minor < 24 ? [] : ['token'])
          expect(await ask('create', what, 'made')).toMatch(/^[\w-]+\.[\w-]+\.[\w-]+$/);
      });

      it('changes objects in each way', async () => {
        const who = person();
        const { ask, kubectl: run, field, saved, folder, minor, namespace } = bound(who);
        const config = (value: string) => ({
          apiVersion: 'v1',
          kind: 'ConfigMap',
          metadata: { name: 'changed' },
          data: { a: value },
        });
        const one = await saved('one.json', config('one'));
        const two = await saved('two.json', config('two'));
        expect(await ask('apply', '-f', one)).toBe('configmap/changed created');
        expect(await ask('apply', '-f', one)).toBe('configmap/changed unchanged');
        expect(await run(['diff', '-f', one])).toMatchObject({ exitCode: 0, stdout: '' });
        const diff = await run(['diff', '-f', two]);
        expect(diff).toMatchObject({ exitCode: 1, stdout: expect.stringContaining('+  a: two') });
        expect(await ask('explain', 'configmap.data')).toContain('data');
        expect(await ask('explain', 'deployment.spec.strategy')).toContain('rollingUpdate');
        expect(await ask('explain', 'deployment.spec.replicas')).toContain('How many pods are wanted.');
        const editor = join(folder, 'editor');
        await writeFile(editor, '#!/bin/sh\nsed -i "s/a: one/a: edited/" "$1"\n', { mode: 0o755 });
        expect(await run(['edit', 'configmap', 'changed'], { KUBE_EDITOR: editor })).toMatchObject({ exitCode: 0 });
        const value = (): Promise<string> => field('configmap/changed', '.data.a');
        expect(await value()).toBe('edited');
        const patches: Readonly<Record<string, string>> = {
          strategic: '{"data":{"a":"strategic"}}',
          merge: '{"data":{"a":"merge"}}',
          json: '[{"op":"replace","path":"/data/a","value":"json"}]',
        };
        for (const [type, patch] of Object.entries(patches)) {
          await ask('patch', 'configmap', 'changed', `--type=${type}`, '-p', patch);
          expect(await value()).toBe(type);
        }
        await ask('apply', '--server-side', '--force-conflicts', '-f', two);
        expect(await value()).toBe('two');
        const other = ['apply', '--server-side', '--field-manager=other', '-f', one];
        expect(await run(other)).toMatchObject({ exitCode: 1, stderr: expect.stringContaining('.data.a') });
        await ask('label', 'configmap', 'changed', 'tier=front');
        await ask('annotate', 'configmap', 'changed', 'note=here');
        expect(await field('configmap/changed', '.metadata.labels.tier}{.metadata.annotations.note')).toBe('fronthere');
        await ask('replace', '-f', one);
        expect(await value()).toBe('one');
        for (const output of ['json', 'yaml', 'wide', 'name', 'custom-columns=A:.data.a', 'go-template={{.data.a}}'])
          expect(await ask('get', 'configmap', 'changed', '-o', output)).toMatch(/changed|one/);
        expect(await ask('get', 'configmaps', '--selector=tier=front', '--no-headers')).toBe('');
        const byName = ['get', 'configmaps', '--field-selector', 'metadata.name=changed', '-o', 'name'];
        expect(await ask(...byName)).toBe('configmap/changed');
        expect(await ask('describe', 'configmap', 'changed')).toContain('one');
        expect(await ask('auth', 'can-i', 'delete', 'pods')).toBe('yes');
        expect(await ask('auth', 'can-i', '--list')).toContain('*.*');
        for (const question of minor < 27 ? [] : ['whoami'])
          expect(await ask('auth', question)).toContain('system:masters');
        expect(await ask('api-resources', '-o', 'name')).toContain('deployments.apps');
        const proxied = await overProxy(who, `/api/v1/namespaces/${namespace}/configmaps/changed`);
        expect(proxied).toMatchObject({ kind: 'ConfigMap', data: { a: 'one' } });
      });

      it('applies one of several ports, and refuses a field that there is not', async () => {
        const who = person();
        const { ask, kubectl: run, field, saved } = bound(who);
        const withPorts = (...ports: readonly object[]) => ({
          ...who.deployment('ported', 0),
          spec: { ...specOf(who.deployment('ported', 0)), template: templateWith(ports) },
        });
        const both = await saved('both.json', withPorts({ containerPort: 80 }, { containerPort: 81 }));
        expect(await ask('apply', '-f', both, '--dry-run=server')).toContain('created (server dry run)');
        await ask('apply', '-f', both);
        await ask('annotate', 'deployment', 'ported', 'kept=yes');
        await ask('apply', '-f', await saved('second.json', withPorts({ containerPort: 81, name: 'http' })));
        const left = '.metadata.annotations.kept} {.spec.template.spec.containers[0].ports[*].containerPort';
        expect(await field('deployment/ported', left)).toBe('yes 81');
        expect(await ask('get', 'deployment', 'ported', '-o', 'wide')).toMatch(
          /NAME +READY .*\nported +0\/0 .*app=ported/,
        );
        const wrong = { ...who.deployment('ported', 0), spec: { ...specOf(who.deployment('ported', 0)), replica: 1 } };
        const refused = await run(['apply', '-f', await saved('wrong.json', wrong)]);
        expect({
          exitCode: refused.exitCode,
          isNamed: /unknown field "?(spec\.)?replica"?/.test(refused.stderr),
        }).toEqual({
          exitCode: 1,
          isNamed: true,
        });
      });

      it('runs, looks into, rolls out and deletes pods', async () => {
        const who = person();
        const { ask, kubectl: run, field, saved, node, folder, minor } = bound(who);
        await ask('apply', '-f', await saved('web.json', who.deployment('web', 1)));
        expect(await ask('rollout', 'status', 'deployment/web', '--timeout=60s')).toContain('successfully rolled out');
        await ask('wait', '--for=condition=Available', 'deployment/web', '--timeout=60s');
        const pod = (await ask('get', 'pods', '-l', 'app=web', '-o', 'name')).replace('pod/', '');
        await waitFor(async () => (await ask('logs', pod)).startsWith('serving'));
        const failed = await run(['exec', pod, '--', 'sh', '-c', 'echo out; echo err >&2; exit 7']);
        expect(failed).toMatchObject({ exitCode: 7, stdout: 'out\n', stderr: expect.stringContaining('err\n') });
        const file = await saved('sent.json', { text: 'x'.repeat(300_000) });
        await ask('cp', file, `${pod}:/tmp/sent.json`);
        await ask('cp', `${pod}:/tmp/sent.json`, join(folder, 'back.json'));
        expect(await readFile(join(folder, 'back.json'), 'utf8')).toBe(await readFile(file, 'utf8'));
        expect(await forwarded(who, pod, 'through the tunnel')).toBe('through the tunnel');
        expect(await firstWords(who, ['attach', pod])).toContain('still');
        expect(await ask('top', 'pod', pod, '--no-headers')).toMatch(/^web-\S+ +\d+m +\d+Mi$/);
        expect(await ask('top', 'nodes', '--no-headers')).toMatch(
          new RegExp(`^${node} +\\d+m +\\d+% +\\d+Mi +\\d+%`, 'm'),
        );
        // Before, they add containers by another subresource, which Kubernetes serves no more.
        for (const name of minor < 25 ? [] : ['looker']) {
          const looking = ['--image=node:24', '--target=main', '-c', name, '--', 'sh', '-c', 'echo looking'];
          await ask('debug', pod, ...looking);
          await waitFor(async () => (await run(['logs', pod, '-c', name])).stdout === 'looking\n');
          expect(await ask('describe', 'pod', pod)).toMatch(/Ephemeral Containers:\n +looker:/);
        }
        const debugged = [
          '--copy-to=debugged',
          '--container=main',
          '--image=node:24',
          '--',
          'sh',
          '-c',
          'echo debugging',
        ];
        await ask('debug', pod, ...debugged);
        await waitFor(async () => (await run(['logs', 'debugged'])).stdout === 'debugging\n');
        await ask('set', 'env', 'deployment/web', 'COLOUR=blue');
        await ask('rollout', 'status', 'deployment/web', '--timeout=60s');
        expect(await ask('rollout', 'history', 'deployment/web')).toMatch(/^2 /m);
        await ask('rollout', 'undo', 'deployment/web');
        await ask('rollout', 'status', 'deployment/web', '--timeout=60s');
        expect(await field('deployment/web', '.spec.template.spec.containers[0].env')).toBe('');
        await ask('expose', 'deployment', 'web', '--port=80', '--target-port=8080');
        await ask('autoscale', 'deployment', 'web', '--min=1', '--max=2');
        await ask('scale', 'deployment', 'web', '--replicas=2');
        await ask('delete', 'hpa', 'web');
        await ask('drain', node, '--ignore-daemonsets', '--force', '--delete-emptydir-data', '--timeout=60s');
        expect(await field(`node/${node}`, '.spec.unschedulable')).toBe('true');
        await ask('uncordon', node);
        await ask('delete', 'deployment', 'web', '--cascade=foreground', '--timeout=60s');
        expect(await ask('get', 'replicasets', '-l', 'app=web', '-o', 'name')).toBe('');
        await ask('apply', '-f', await saved('none.json', who.deployment('none', 0)));
        await ask('wait', '--for=condition=Available', 'deployment/none', '--timeout=60s');
        await ask('delete', 'deployment', 'none', '--cascade=orphan');
        expect(await ask('get', 'replicasets', '-l', 'app=none', '-o', 'name')).toMatch(/^replicaset/);
        await ask('delete', 'replicasets', '-l', 'app=none', '--cascade=background');
        expect(await ask('get', 'replicasets', '-l', 'app=none', '-o', 'name')).toBe('');
      });
    });
  },
);

/** Its methods by themselves. */
function bound(person: Person) {
  const { namespace, folder, node, minor } = person;
  return {
    namespace,
    folder,
    node,
    minor,
    ask: person.ask.bind(person),
    kubectl: person.kubectl.bind(person),
    field: person.field.bind(person),
    saved: person.saved.bind(person),
  };
}

function specOf(deployment: object): object {
  return 'spec' in deployment && typeof deployment.spec === 'object' ? (deployment.spec ?? {}) : {};
}

function templateWith(ports: readonly object[]): object {
  const containers = [{ name: 'main', image: 'node:24', ports }];
  return { metadata: { labels: { app: 'ported' } }, spec: { containers } };
}

/** Each look takes as long as a kubectl does. */
async function waitFor(isSo: () => Promise<boolean>): Promise<void> {
  for (let look = 0; look < 200; look += 1) if (await isSo()) return;
  throw new Error('it did not come to be so in 200 looks');
}

/** What the pod answers over a forwarded port, which kubectl chooses: one that is named may be taken by then. */
function forwarded(person: Person, pod: string, body: string): Promise<string> {
  return whileRunning([...person.command, 'port-forward', pod, ':8080'], async (said) => {
    const [, address] = /Forwarding from (127\.0\.0\.1:\d+)/.exec(said) ?? [];
    const answer = await fetch(`http://${address}/`, { method: 'POST', body });
    return answer.text();
  });
}

/** What a command that goes on says first. */
function firstWords(person: Person, words: readonly string[]): Promise<string> {
  return whileRunning([...person.command, ...words], async (said) => said);
}

/** What the API answers over `kubectl proxy`. */
function overProxy(person: Person, path: string): Promise<unknown> {
  return whileRunning([...person.command, 'proxy', '--port=0'], async (said) => {
    const [address] = /127\.0\.0\.1:\d+/.exec(said) ?? [''];
    return (await fetch(`http://${address}${path}`)).json();
  });
}
