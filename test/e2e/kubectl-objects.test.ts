/** What becomes of objects under the ordinary kubectl: what is only tried, what outlives its owner, what a kind drops. */
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { missing } from './support/execute.ts';
import { startCluster, type TestCluster } from './support/slipway.ts';

const reason = await missing('kubectl');

/** Its pods are wanted by no node: they exist, and go at once when they are deleted. */
const deployment = {
  apiVersion: 'apps/v1',
  kind: 'Deployment',
  metadata: { name: 'held' },
  spec: {
    replicas: 2,
    selector: { matchLabels: { app: 'held' } },
    template: {
      metadata: { labels: { app: 'held' } },
      spec: { nodeSelector: { place: 'nowhere' }, containers: [{ name: 'held', image: 'node:24' }] },
    },
  },
};

const widgets = {
  apiVersion: 'apiextensions.k8s.io/v1',
  kind: 'CustomResourceDefinition',
  metadata: { name: 'widgets.example.com' },
  spec: {
    group: 'example.com',
    scope: 'Namespaced',
    names: { plural: 'widgets', singular: 'widget', kind: 'Widget', shortNames: ['wd'], categories: ['all'] },
    versions: [
      {
        name: 'v1',
        served: true,
        storage: true,
        subresources: {
          status: {},
          scale: {
            specReplicasPath: '.spec.size',
            statusReplicasPath: '.status.size',
            labelSelectorPath: '.status.of',
          },
        },
        additionalPrinterColumns: [
          { name: 'Size', type: 'integer', jsonPath: '.spec.size' },
          { name: 'Of', type: 'string', jsonPath: '.status.of', priority: 1 },
        ],
        schema: {
          openAPIV3Schema: {
            type: 'object',
            properties: {
              spec: {
                type: 'object',
                properties: {
                  size: { type: 'integer' },
                  open: { type: 'object', 'x-kubernetes-preserve-unknown-fields': true },
                },
              },
              status: { type: 'object', properties: { size: { type: 'integer' }, of: { type: 'string' } } },
            },
          },
        },
      },
    ],
  },
};

const widget = { apiVersion: 'example.com/v1', kind: 'Widget', metadata: { name: 'w' } };

describe.skipIf(reason !== undefined)(`kubectl and objects${reason === undefined ? '' : ` (${reason})`}`, () => {
  let cluster: TestCluster;
  const ask = (...words: readonly string[]): Promise<string> => cluster.ask(...words);
  const fieldOf = (object: string, path: string): Promise<string> => ask('get', object, '-o', `jsonpath={${path}}`);

  beforeAll(async () => {
    cluster = await startCluster();
    await ask('apply', '-f', await saved('widgets.json', widgets));
    await ask('wait', '--for=condition=Established', 'crd/widgets.example.com', '--timeout=30s');
  });

  afterAll(() => cluster.stop());

  describe('--dry-run=server', () => {
    const tried = / \(server dry run\)$/;

    it('apply answers with what would be, and creates nothing', async () => {
      const file = await saved('held.json', deployment);
      expect(await ask('apply', '-f', file, '--dry-run=server')).toBe('deployment.apps/held created (server dry run)');
      const defaulted = await ask('apply', '-f', file, '--dry-run=server', '-o', 'jsonpath={.spec.strategy.type}');
      expect(defaulted).toBe('RollingUpdate');
      expect(await ask('get', 'deployments', '-o', 'name')).toBe('');
    });

    it.each([
      { name: 'apply of a change', words: ['apply', '-f', 'try-again.json'] },
      { name: 'apply by the server', words: ['apply', '--server-side', '--force-conflicts', '-f', 'try-again.json'] },
      { name: 'replace', words: ['replace', '-f', 'try-again.json'] },
      { name: 'label', words: ['label', 'configmap/try', 'a=b'] },
      { name: 'annotate', words: ['annotate', 'configmap/try', 'a=b'] },
      { name: 'delete', words: ['delete', 'configmap', 'try'] },
      { name: 'delete with what depends on it', words: ['delete', 'configmap', 'try', '--cascade=foreground'] },
    ])('$name changes nothing', async ({ words }) => {
      const config = { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'try' }, data: { a: '1' } };
      await ask('apply', '-f', await saved('try.json', config));
      const again = await saved('try-again.json', { ...config, data: { a: '2' } });
      const before = await ask('get', 'configmap', 'try', '-o', 'json', '--show-managed-fields');
      const given = words.map((word) => (word === 'try-again.json' ? again : word));
      expect(await ask(...given, '--dry-run=server')).toMatch(tried);
      expect(await ask('get', 'configmap', 'try', '-o', 'json', '--show-managed-fields')).toBe(before);
    });

    it('refuses what the server would refuse', async () => {
      const wrong = { ...deployment, spec: { ...deployment.spec, selector: { matchLabels: { app: 'other' } } } };
      const refused = await cluster.kubectl('apply', '-f', await saved('wrong.json', wrong), '--dry-run=server');
      expect(refused.exitCode).toBe(1);
      expect(refused.stderr).toContain('`selector` does not match template `labels`');
    });
  });

  describe('deleting a Deployment', () => {
    const ownerKinds = ['get', 'replicasets,pods', '-l', 'app=held', '-o'];
    const owners = (): Promise<string> =>
      ask(...ownerKinds, 'jsonpath={range .items[*]}{.kind}<{.metadata.ownerReferences[*].kind} {end}');
    const podNames = (): Promise<string> => ask('get', 'pods', '-l', 'app=held', '-o', 'name');
    const created = async (): Promise<string> => {
      await ask('apply', '-f', await saved('held.json', deployment));
      await ask('wait', '--for=jsonpath={.status.replicas}=2', 'deployment/held', '--timeout=30s');
      return podNames();
    };

    it('--cascade=orphan leaves its ReplicaSet to itself, and that its pods, which a new one adopts', async () => {
      const before = await created();
      expect(await owners()).toBe('ReplicaSet<Deployment Pod<ReplicaSet Pod<ReplicaSet');
      await ask('delete', 'deployment', 'held', '--cascade=orphan', '--timeout=30s');
      expect(await owners()).toBe('ReplicaSet< Pod<ReplicaSet Pod<ReplicaSet');
      await ask('delete', 'replicasets', '-l', 'app=held', '--cascade=orphan', '--timeout=30s');
      expect(await owners()).toBe('Pod< Pod<');
      expect(await created()).toBe(before);
      expect(await owners()).toBe('ReplicaSet<Deployment Pod<ReplicaSet Pod<ReplicaSet');
    });

    it('--cascade=foreground keeps it and its ReplicaSet until the last pod has gone', async () => {
      const [held = '', gone = ''] = (await created()).split('\n');
      await ask('patch', held, '--type=merge', '-p', '{"metadata":{"finalizers":["example.com/held"]}}');
      await ask('delete', 'deployment', 'held', '--cascade=foreground', '--wait=false');
      await ask('wait', '--for=delete', gone, '--timeout=30s');
      expect(await podNames()).toBe(held);
      for (const owner of ['replicasets', 'deployments'])
        expect(
          await ask('get', owner, '-o', 'jsonpath={.items[*].metadata.finalizers}'),
          `finalizers of ${owner}`,
        ).toBe('["foregroundDeletion"]');
      expect(await fieldOf(held, '.metadata.deletionTimestamp')).toMatch(/^\d{4}-/);
      await ask('patch', held, '--type=merge', '-p', '{"metadata":{"finalizers":null}}');
      await ask('wait', '--for=delete', 'deployment/held', '--timeout=30s');
      expect(await ask('get', 'replicasets,pods', '-o', 'name')).toBe('');
    });

    it('--cascade=foreground waits for those dependents only that block it', async () => {
      await ask('create', 'configmap', 'owner');
      const uid = await fieldOf('configmap/owner', '.metadata.uid');
      for (const blockOwnerDeletion of [true, false]) {
        const name = blockOwnerDeletion ? 'blocks' : 'does-not';
        const ownerReferences = [{ apiVersion: 'v1', kind: 'ConfigMap', name: 'owner', uid, blockOwnerDeletion }];
        const metadata = { name, finalizers: ['example.com/held'], ownerReferences };
        await ask('apply', '-f', await saved(`${name}.json`, { apiVersion: 'v1', kind: 'ConfigMap', metadata }));
      }
      await ask('delete', 'configmap', 'owner', '--cascade=foreground', '--wait=false');
      for (const name of ['blocks', 'does-not'])
        await ask(
          'wait',
          '--for=jsonpath={.metadata.deletionGracePeriodSeconds}=0',
          `configmap/${name}`,
          '--timeout=30s',
        );
      expect(await fieldOf('configmap/owner', '.metadata.finalizers[*]')).toBe('foregroundDeletion');
      await ask('patch', 'configmap', 'blocks', '--type=merge', '-p', '{"metadata":{"finalizers":null}}');
      await ask('wait', '--for=delete', 'configmap/owner', '--timeout=30s');
      expect(await fieldOf('configmap/does-not', '.metadata.finalizers[*]')).toBe('example.com/held');
      await ask('patch', 'configmap', 'does-not', '--type=merge', '-p', '{"metadata":{"finalizers":null}}');
    });
  });

  // As charts write them for what nobody has set.
  it('take empty fields as if they were not there, and apply them again and again', async () => {
    const service = {
      apiVersion: 'v1',
      kind: 'Service',
      metadata: { name: 'hollow', labels: {} },
      spec: {
        type: '',
        clusterIP: '',
        externalName: '',
        selector: {},
        sessionAffinity: '',
        publishNotReadyAddresses: false,
        ports: [{ name: '', port: 80, targetPort: '', nodePort: 0, protocol: '' }],
      },
    };
    const file = await saved('hollow.json', service);
    await ask('apply', '-f', file);
    const spec = JSON.parse(await ask('get', 'service', 'hollow', '-o', 'jsonpath={.spec}'));
    expect(spec).toMatchObject({ type: 'ClusterIP', sessionAffinity: 'None' });
    expect(spec.ports).toEqual([{ port: 80, targetPort: 80, protocol: 'TCP' }]);
    for (const field of ['externalName', 'selector', 'publishNotReadyAddresses'])
      expect(spec).not.toHaveProperty(field);
    const version = (): Promise<string> =>
      ask('get', 'service', 'hollow', '-o', 'jsonpath={.metadata.resourceVersion}');
    const before = await version();
    await ask('apply', '-f', file);
    expect(await version()).toBe(before);
  });

  it('are written in one way, however they are said', async () => {
    const claim = {
      apiVersion: 'v1',
      kind: 'PersistentVolumeClaim',
      metadata: { name: 'said' },
      spec: { accessModes: ['ReadWriteOnce'], resources: { requests: { storage: '1024Mi' } } },
    };
    await ask('apply', '-f', await saved('said.json', claim));
    expect(await fieldOf('pvc/said', '.spec.resources.requests.storage')).toBe('1Gi');
    // As a block of YAML ends.
    const secret = { apiVersion: 'v1', kind: 'Secret', metadata: { name: 'said' }, data: { word: 'aGVsbG8=\n' } };
    await ask('apply', '-f', await saved('said-secret.json', secret));
    expect(await fieldOf('secret/said', '.data.word')).toBe('aGVsbG8=');
  });

  it('are without labels and annotations again when the last ones are taken away', async () => {
    await ask('create', 'configmap', 'bare');
    const before = await fieldOf('configmap/bare', '.metadata.labels}{.metadata.annotations');
    for (const [verb, word] of ['label', 'annotate'].flatMap((each) => [[each, 'a=b'] as const, [each, 'a-'] as const]))
      await ask(verb, 'configmap', 'bare', word);
    expect(await fieldOf('configmap/bare', '.metadata.labels}{.metadata.annotations')).toBe(before);
  });

  describe('custom objects', () => {
    it('lose what their schema does not know, unless it says to keep it', async () => {
      const file = await saved('widget.json', { ...widget, spec: { size: 1, colour: 'red', open: { any: 'thing' } } });
      const refused = await cluster.kubectl('create', '-f', file);
      expect(refused.stderr).toContain('strict decoding error: unknown field "spec.colour"');
      const warned = await cluster.kubectl('create', '-f', file, '--validate=warn', '--dry-run=server');
      expect(warned).toMatchObject({ exitCode: 0, stderr: 'Warning: unknown field "spec.colour"\n' });
      const created = await cluster.kubectl('create', '-f', file, '--validate=false');
      expect(created).toMatchObject({ exitCode: 0, stderr: '' });
      expect(JSON.parse(await fieldOf('widget/w', '.spec'))).toEqual({ size: 1, open: { any: 'thing' } });
      const patched = await cluster.kubectl('patch', 'widget', 'w', '--type=merge', '-p', '{"spec":{"colour":"red"}}');
      expect(patched).toMatchObject({ exitCode: 0, stdout: 'widget.example.com/w patched (no change)\n' });
      expect(await fieldOf('widget/w', '.spec.colour')).toBe('');
      await ask('delete', 'widget', 'w');
    });

    it('have no field applied by the server that their schema does not know', async () => {
      const file = await saved('applied.json', { ...widget, spec: { colour: 'red' } });
      const { stderr } = await cluster.kubectl('apply', '--server-side', '--validate=false', '-f', file);
      expect(stderr).toBe(
        'Error from server: failed to create typed patch object (default/w; example.com/v1, Kind=Widget): .spec.colour: field not declared in schema\n',
      );
    });

    it('are scaled by the paths that their kind names', async () => {
      await ask('create', '-f', await saved('widget.json', { ...widget, spec: { size: 1 }, status: { size: 9 } }));
      const status = '{"spec":{"size":9},"status":{"size":1,"of":"app=widget"}}';
      await ask('patch', 'widget', 'w', '--subresource=status', '--type=merge', '-p', status);
      expect(await ask('scale', 'widget', 'w', '--replicas=3', '--current-replicas=1')).toBe(
        'widget.example.com/w scaled',
      );
      const refused = await cluster.kubectl('scale', 'widget', 'w', '--replicas=5', '--current-replicas=1');
      expect(refused).toMatchObject({ exitCode: 1, stderr: 'error: Expected replicas to be 1, was 3\n' });
      expect(JSON.parse(await ask('get', 'widget', 'w', '--subresource=scale', '-o', 'json'))).toMatchObject({
        apiVersion: 'autoscaling/v1',
        kind: 'Scale',
        spec: { replicas: 3 },
        status: { replicas: 1, selector: 'app=widget' },
      });
      expect(await ask('get', 'wd')).toMatch(/^NAME +SIZE\nw +3$/);
      expect(await ask('get', 'wd', '-o', 'wide')).toMatch(/^NAME +SIZE +OF\nw +3 +app=widget$/);
      expect(await ask('get', 'all')).toMatch(/^widget.example.com\/w +3$/m);
    });
  });

  /** Where `object` now stands for kubectl to read. */
  async function saved(name: string, object: object): Promise<string> {
    const file = join(cluster.directory, name);
    await writeFile(file, JSON.stringify(object));
    return file;
  }
});
