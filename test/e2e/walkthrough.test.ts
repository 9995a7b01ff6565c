/** A person's way through Kubernetes with the ordinary kubectl, command by command: looking around, Deployments, Services. */
import { fileURLToPath } from 'node:url';
import type { Deployment } from '@slipway/kube/api.generated';
import { deployments, pods } from '@slipway/kube/resources';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { execute, missing, type Outcome } from './support/execute.ts';
import { whileRunning } from './support/running-command.ts';
import { startCluster, type TestCluster } from './support/slipway.ts';
import { applyTwice } from './support/walkthrough/apply-twice.ts';
import { rolloutExtremes } from './support/walkthrough/rollout-extremes.ts';
import { watchUntil } from './support/walkthrough/watch-until.ts';

const folder = fileURLToPath(new URL('support/walkthrough', import.meta.url));
const examples = fileURLToPath(new URL('../../examples/statics', import.meta.url));
const manifests = `${folder}/manifests`;
const image = 'docker.io/webdeva/statics';
const here = { namespace: 'default' };

/** Folders of manifests as people have them, the reader's own among them, of which what this cluster serves is applied twice. */
const ownManifests = [`${folder}/own`, process.env['SLIPWAY_TEST_MANIFESTS'] ?? []]
  .flat()
  .map((root, index) => ({ root, namespace: `own-${index}` }));

const noKubectl = await missing('kubectl');
const noKubens = noKubectl ?? (await missing('kubens'));

describe.skipIf(noKubectl !== undefined)(`walkthrough${noKubectl === undefined ? '' : ` (${noKubectl})`}`, () => {
  let cluster: TestCluster;
  const ask = (...words: readonly string[]): Promise<string> => cluster.ask(...words);
  const rolledOut = (name: string): Promise<string> => ask('rollout', 'status', `deployment/${name}`, '--timeout=60s');
  const withEnvironment = (program: string, words: readonly string[], environment: object = {}): Promise<Outcome> =>
    execute(program, words, { KUBECONFIG: cluster.kubeconfig, ...environment });

  beforeAll(async () => {
    cluster = await startCluster();
    // Its back-off grows while everything else is tried.
    await ask('apply', '-f', `${folder}/crash.yaml`);
    for (const version of ['v1', 'v2']) {
      const words = ['-t', `${image}:${version}`, '--build-arg', `VERSION=${version}`, examples];
      const built = await cluster.slipway('build', ...words, '--data-dir', cluster.directory);
      if (built.exitCode !== 0) throw new Error(`the image was not built: ${built.stderr}`);
    }
  });

  afterAll(() => cluster.stop());

  describe('looking around', () => {
    it('config view, get nodes', async () => {
      expect(await ask('config', 'view', '--minify')).toContain('server: https://127.0.0.1:');
      expect(await ask('get', 'nodes')).toMatch(
        /^NAME +STATUS +ROLES +AGE +VERSION\n\S+ +Ready +\S+ +\d+s +v1\.32\.0$/,
      );
    });

    it('get namespaces', async () => {
      const names = 'namespace/default\nnamespace/kube-node-lease\nnamespace/kube-public\nnamespace/kube-system';
      expect(await ask('get', 'namespaces', '-o', 'name')).toBe(names);
      expect(await ask('get', 'ns', '-o', 'name')).toBe(names);
    });

    it('get namespace -o yaml and -o json', async () => {
      expect(await ask('get', 'namespace', '-o', 'yaml', 'default')).toMatch(/finalizers:\n +- kubernetes/);
      expect(JSON.parse(await ask('get', 'namespace', '-o', 'json', 'default'))).toMatchObject({
        metadata: {
          labels: { 'kubernetes.io/metadata.name': 'default' },
          uid: expect.stringMatching(/^[0-9a-f-]{36}$/),
          resourceVersion: expect.stringMatching(/^\d+$/),
        },
        spec: { finalizers: ['kubernetes'] },
        status: { phase: 'Active' },
      });
    });

    it('describe namespace', async () => {
      expect(await ask('describe', 'namespace', 'default')).toMatch(/Status: +Active/);
    });

    it('api-resources', async () => {
      const table = await ask('api-resources');
      expect(table).toMatch(/^NAME +SHORTNAMES +APIVERSION +NAMESPACED +KIND\n/);
      expect(table).toMatch(/\ndeployments +deploy +apps\/v1 +true +Deployment\n/);
      expect(table).toMatch(/\nnamespaces +ns +v1 +false +Namespace\n/);
    });

    it('explain', async () => {
      const explained = await ask('explain', 'deployment.spec.strategy');
      expect(explained).toMatch(/KIND: +Deployment\nVERSION: +v1/);
      expect(explained).toMatch(/rollingUpdate\s+<RollingUpdateDeployment>/);
      expect(await ask('explain', 'deployment.spec.strategy.rollingUpdate')).toMatch(/maxSurge\s+<IntOrString>/);
    });

    it.skipIf(noKubens !== undefined)('kubens, kubectx', async () => {
      expect((await withEnvironment('kubens', [])).stdout).toContain('kube-system');
      expect((await withEnvironment('kubens', ['kube-system'])).exitCode).toBe(0);
      expect((await withEnvironment('kubens', ['default'])).exitCode).toBe(0);
      expect((await withEnvironment('kubectx', ['-c'])).stdout.trim()).not.toBe('');
    });
  });

  describe('applying', () => {
    it('a folder with many documents and lists', async () => {
      const created = await ask('apply', '-f', manifests);
      expect(created.split('\n').every((line) => line.endsWith(' created'))).toBe(true);
      expect(created.split('\n')).toHaveLength(6);
    });

    it('the same again changes nothing', async () => {
      const again = await ask('apply', '-f', manifests);
      expect(again.split('\n').filter((line) => !line.endsWith(' unchanged'))).toEqual([]);
      expect((await cluster.kubectl('diff', '-f', manifests)).exitCode).toBe(0);
    });

    it('on the server side and back, without a conflict with oneself', async () => {
      const file = `${manifests}/list.yaml`;
      expect(await ask('apply', '--server-side', '-f', file)).toContain('configmap/demo-config serverside-applied');
      expect(await ask('apply', '--server-side', '-f', file)).toContain('configmap/demo-config serverside-applied');
      // The server notes what it was sent, in which kubectl adds annotations where there are none before it notes it.
      await ask('apply', '-f', file);
      const again = await ask('apply', '-f', file);
      expect(again.split('\n').filter((line) => !line.endsWith(' unchanged'))).toEqual([]);
    });

    it.each(ownManifests)('the manifests in $root twice', async ({ root, namespace }) => {
      expect(await applyTwice(root, { kubectl: cluster.kubectl, namespace })).toEqual([]);
    });
  });

  it('create, in the form that kubectl sends them', async () => {
    const made = [
      ['namespace', 'made'],
      ['deployment', 'web', '--image=node:24', '--replicas=2', '--port=8080', '-n', 'made', '--', 'sleep', '1'],
      ['configmap', 'c', '--from-literal=a=b', '-n', 'made'],
      ['secret', 'generic', 's', '--from-literal=a=b', '-n', 'made'],
      ['service', 'nodeport', 'web', '--tcp=80:http', '-n', 'made'],
      ['serviceaccount', 'robot', '-n', 'made'],
      ['ingress', 'web', '--rule=web.localhost/*=web:80', '-n', 'made'],
    ];
    for (const words of made) expect(await ask('create', ...words)).toMatch(/ created$/);
    const { spec } = await cluster.client.get(deployments, { namespace: 'made', name: 'web' });
    expect(spec).toMatchObject({
      replicas: 2,
      strategy: { type: 'RollingUpdate' },
      template: {
        spec: { containers: [{ image: 'node:24', command: ['sleep', '1'], ports: [{ containerPort: 8080 }] }] },
      },
    });
    expect(await ask('get', 'service', 'web', '-n', 'made', '-o', 'jsonpath={.spec.ports[0].targetPort}')).toBe('http');
    expect(await ask('get', 'secret', 's', '-n', 'made', '-o', 'jsonpath={.data.a}')).toBe('Yg==');
    await ask('delete', 'namespace', 'made', '--wait=false');
  });

  describe('Deployments and Services', () => {
    it('get deployments, service, pods, all', async () => {
      await rolledOut('statics');
      expect(await ask('get', 'deployments', 'statics', '--no-headers')).toMatch(/^statics +3\/3 +3 +3 +\d+s$/);
      expect(await ask('get', 'service', 'statics', '--no-headers')).toMatch(
        /^statics +ClusterIP +[\d.]+ +<none> +8080\/TCP +\d+s$/,
      );
      const hash = /^replicaset.apps\/statics-([a-z0-9]+)$/.exec(await replicaSets('statics'))?.[1] ?? '';
      const names = (await ask('get', 'pods', '-l', `app=statics,pod-template-hash=${hash}`, '-o', 'name')).split('\n');
      expect(names).toHaveLength(3);
      for (const name of names) expect(name).toMatch(new RegExp(`^pod/statics-${hash}-[a-z0-9]{5}$`));
      const all = await ask('get', 'all');
      for (const name of [...names, 'service/statics', 'deployment.apps/statics', `replicaset.apps/statics-${hash}`])
        expect(all).toContain(name);
    });

    it('port-forward to a Deployment and to a Service', async () => {
      for (const through of ['deployment/statics', 'service/statics']) {
        const command = ['kubectl', '--kubeconfig', cluster.kubeconfig, 'port-forward', through, ':8080'] as const;
        const status = await whileRunning(command, async (said) => {
          const [, address] = /Forwarding from (127\.0\.0\.1:\d+)/.exec(said) ?? [];
          return (await fetch(`http://${address}/`)).status;
        });
        expect(`${through} ${status}`).toBe(`${through} 200`);
      }
    });

    it('in a pod: printenv, and HTTP to the Service', async () => {
      await ask('apply', '-f', `${folder}/client.yaml`);
      await ask('wait', '--for=jsonpath={.status.phase}=Succeeded', 'pod/client', '--timeout=30s');
      const logs = await ask('logs', 'client');
      const ip = await ask('get', 'service', 'statics', '-o', 'jsonpath={.spec.clusterIP}');
      for (const line of [
        `STATICS_SERVICE_HOST=${ip}`,
        'STATICS_SERVICE_PORT=8080',
        `STATICS_PORT_8080_TCP_ADDR=${ip}`,
      ])
        expect(logs).toContain(line);
      expect(logs).toMatch(/KUBERNETES_SERVICE_HOST=[\d.]+\n/);
      expect(logs.match(/answer 200 v1/g)).toHaveLength(2);
    });

    it('delete pod: it is replaced at once', async () => {
      const pod = await ask('get', 'pods', '-l', 'app=statics', '-o', 'jsonpath={.items[0].metadata.name}');
      await ask('delete', 'pod', pod);
      await rolledOut('statics');
      const names = (await ask('get', 'pods', '-l', 'app=statics', '-o', 'name')).split('\n');
      expect(names).toHaveLength(3);
      expect(names).not.toContain(`pod/${pod}`);
    });

    it('scale', async () => {
      await ask('scale', 'deployment', 'backend-deployment', '--replicas=6');
      await ask('wait', '--for=jsonpath={.status.readyReplicas}=6', 'deployment/backend-deployment', '--timeout=60s');
      expect((await ask('get', 'pods', '-l', 'app=backend-app', '-o', 'name')).split('\n')).toHaveLength(6);
      await ask('scale', 'deployment', 'backend-deployment', '--current-replicas=6', '--replicas=2');
    });

    it('set env, set image, edit', async () => {
      expect(await ask('set', 'env', 'deployment/statics', 'A=b')).toBe('deployment.apps/statics env updated');
      expect(await ask('set', 'image', 'deployment/statics', `statics=${image}:v2`)).toContain('image updated');
      const editor = { EDITOR: "sed -i 's/value: b/value: c/'" };
      const edited = await withEnvironment('kubectl', ['edit', 'deployment', 'statics'], editor);
      expect(edited).toMatchObject({ exitCode: 0, stdout: 'deployment.apps/statics edited\n' });
      await rolledOut('statics');
      const [container] = (await deployment('statics')).spec?.template.spec?.containers ?? [];
      expect(container).toMatchObject({ image: `${image}:v2`, env: [{ name: 'A', value: 'c' }] });
      await ask('replace', '--force', '-f', `${folder}/client.yaml`);
      await ask('wait', '--for=jsonpath={.status.phase}=Succeeded', 'pod/client', '--timeout=30s');
      expect((await ask('logs', 'client')).match(/answer 200 v2/g)).toHaveLength(2);
    });

    it('patch --patch-file joins containers by name and rolls out', async () => {
      const before = await replicaSets('backend-deployment');
      for (const file of ['backend-patch.yaml', 'backend-patch-2.yaml'])
        await ask('patch', 'deployment', 'backend-deployment', '--patch-file', `${folder}/patches/${file}`);
      await rolledOut('backend-deployment');
      const containers = (await deployment('backend-deployment')).spec?.template.spec?.containers ?? [];
      expect(containers).toMatchObject([
        { name: 'backend-container', image: `${image}:v1`, env: [{ name: 'APP_ENV', value: 'k8s_secrets' }] },
        { name: 'sidecar' },
      ]);
      expect(await replicaSets('backend-deployment')).not.toBe(before);
      await ask('wait', '--for=delete', 'pods', '-l', `app=backend-app,pod-template-hash=${hashOf(before)}`);
    });

    it('rollout history, undo, pause, resume, restart', async () => {
      await ask('annotate', 'deployment/statics', 'kubernetes.io/change-cause=version 2');
      expect(await ask('rollout', 'history', 'deployment/statics')).toMatch(/^\d+ +version 2$/m);
      await ask('rollout', 'undo', 'deployment/statics', '--to-revision=1');
      await rolledOut('statics');
      expect((await deployment('statics')).spec?.template.spec?.containers[0]?.image).toBe(`${image}:v1`);
      expect(await ask('rollout', 'pause', 'deployment/statics')).toBe('deployment.apps/statics paused');
      const paused = await replicaSets('statics');
      await ask('set', 'env', 'deployment/statics', 'WHILE=paused');
      const isSeen = ({ metadata, status }: Deployment): boolean => status?.observedGeneration === metadata.generation;
      await watchUntil(cluster.client, deployments, { ...here, fieldSelector: 'metadata.name=statics' }, isSeen);
      expect(await replicaSets('statics')).toBe(paused);
      expect((await cluster.kubectl('rollout', 'restart', 'deployment/statics')).stderr).toContain(
        "can't restart paused",
      );
      await ask('rollout', 'resume', 'deployment/statics');
      await rolledOut('statics');
      expect(await replicaSets('statics')).not.toBe(paused);
      expect(await ask('rollout', 'restart', 'deployment/statics')).toBe('deployment.apps/statics restarted');
      await rolledOut('statics');
      const annotations = (await deployment('statics')).spec?.template.metadata?.annotations;
      expect(annotations?.['kubectl.kubernetes.io/restartedAt']).toMatch(/^\d{4}-/);
    });

    it.each([
      { replicas: 3, maxUnavailable: 0, maxSurge: 1, fewest: 3, most: 4 },
      { replicas: 10, maxUnavailable: '10%', maxSurge: '50%', fewest: 9, most: 15 },
      { replicas: 3, maxUnavailable: '50%', maxSurge: 1, fewest: 2, most: 4 },
    ])('a rollout of $replicas with maxUnavailable $maxUnavailable and maxSurge $maxSurge', async (row) => {
      const name = `bounds-${row.replicas}-${row.fewest}`;
      await cluster.client.create(deployments, boundedDeployment(name, row));
      await rolledOut(name);
      const { fewestAvailable, mostPods } = await rolloutExtremes(cluster, name, () =>
        ask('set', 'env', `deployment/${name}`, 'A=b'),
      );
      expect(fewestAvailable).toBeGreaterThanOrEqual(row.fewest);
      expect(mostPods).toBeLessThanOrEqual(row.most);
      await ask('delete', 'deployment', name, '--wait=false');
    });

    it('what crashes is restarted after growing delays', async () => {
      const selection = { ...here, labelSelector: 'app=crash' };
      const reasons = new Set<string>();
      await watchUntil(cluster.client, pods, selection, (pod) => {
        const { state, lastState } = pod.status?.containerStatuses?.[0] ?? {};
        reasons.add(state?.terminated?.reason ?? lastState?.terminated?.reason ?? '');
        // Ten seconds at first, twice as many each time, five minutes at most.
        const hasGrown = /^back-off ([248]0s|\dm\d+s) restarting failed container=crash/.test(
          state?.waiting?.message ?? '',
        );
        return state?.waiting?.reason === 'CrashLoopBackOff' && hasGrown;
      });
      expect(reasons).toContain('Error');
      expect(await ask('get', 'pods', '-l', 'app=crash', '--no-headers')).toMatch(/ 0\/1 +CrashLoopBackOff +\d+ \(/);
      const logs = await cluster.kubectl('logs', '--previous', 'deployment/crash');
      expect(logs.stdout).toContain('about to fail');
    });

    it('logs of a Deployment with several pods names the one it took', async () => {
      const { stderr } = await cluster.kubectl('logs', 'deployment/statics');
      expect(stderr).toMatch(/^Found \d+ pods, using pod\/statics-[a-z0-9]+-[a-z0-9]{5}\n$/);
    });
  });

  /** Names of the ReplicaSets of a Deployment that still want pods. */
  async function replicaSets(name: string): Promise<string> {
    const wanting = '{range .items[?(@.spec.replicas>0)]}replicaset.apps/{.metadata.name}{"\\n"}{end}';
    const all = await ask('get', 'replicasets', '-o', `jsonpath=${wanting}`);
    return all
      .split('\n')
      .filter((line) => line.startsWith(`replicaset.apps/${name}-`))
      .join('\n');
  }

  function hashOf(replicaSet: string): string {
    return replicaSet.slice(replicaSet.lastIndexOf('-') + 1);
  }

  function deployment(name: string): Promise<Deployment> {
    return cluster.client.get(deployments, { namespace: 'default', name });
  }
});

interface Bounds {
  readonly replicas: number;
  readonly maxUnavailable: number | string;
  readonly maxSurge: number | string;
}

function boundedDeployment(name: string, { replicas, maxUnavailable, maxSurge }: Bounds): Deployment {
  const program = "process.on('SIGTERM', () => process.exit(0)); setInterval(() => {}, 1e6)";
  return {
    metadata: { name, namespace: 'default' },
    spec: {
      replicas,
      strategy: { rollingUpdate: { maxUnavailable, maxSurge } },
      selector: { matchLabels: { app: name } },
      template: {
        metadata: { labels: { app: name } },
        spec: { containers: [{ name: 'c', image: 'node:24', command: ['node', '-e', program] }] },
      },
    },
  };
}
