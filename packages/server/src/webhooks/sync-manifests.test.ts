import { once } from 'node:events';
import { createServer, type AddressInfo, type Socket } from 'node:net';
import { setTimeout } from 'node:timers/promises';
import { applications } from '@slipway/delivery/api/application';
import type { KubeClient } from '@slipway/kube/client';
import { configMaps } from '@slipway/kube/resources';
import { StatusError } from '@slipway/kube/status-error';
import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startGitServer, type GitServer } from '../../testing/git-server.ts';
import { passOn } from '../../testing/pass-on.ts';
import { startTestServer, type TestServer } from '../../testing/test-server.ts';
import * as messages from '../../testing/webhook-messages.ts';
import { createSender, webhooksPath, type TestSender } from '../../testing/webhook-sender.ts';
import { noteApplied } from './applied-objects.ts';
import { fetchDirectory } from './git/fetch-directory.ts';
import type { ManifestSource } from './webhook.ts';

let server: TestServer;
let git: GitServer;

/** Once, before the server removes an object of that name. */
const beforeRemoval = new Map<string, () => Promise<unknown>>();
/** Names of objects that it may not read. */
const unreadable = new Set<string>();

const meddle = (client: KubeClient): KubeClient => ({
  ...passOn(client),
  get: async (type, key, options) => {
    if (unreadable.has(key.name)) throw new StatusError('Forbidden', `you may not read ${key.name}`);
    return await client.get(type, key, options);
  },
  delete: async (type, key, options) => {
    const change = options?.dryRun === true ? undefined : beforeRemoval.get(key.name);
    if (change !== undefined) beforeRemoval.delete(key.name);
    await change?.();
    return await client.delete(type, key, options);
  },
});

beforeAll(async () => {
  [server, git] = await Promise.all([startTestServer({ through: meddle }), startGitServer()]);
});
afterAll(async () => {
  await Promise.all([server.stop(), git[Symbol.asyncDispose]()]);
});

const source = (more: Partial<ManifestSource> = {}) => ({
  manifests: {
    repository: git.url,
    branch: 'main',
    directory: 'deploy',
    namespaces: ['default'],
    allowAddresses: ['127.0.0.0/8'],
    ...more,
  },
});

const settings = (color: string, more = '') => `apiVersion: v1
kind: ConfigMap
metadata: { name: settings${more} }
data: { color: ${color} }
`;
const shop = `apiVersion: slipway.dev/v1alpha1
kind: Application
metadata: { name: synced }
spec:
  version: "1"
  template: { spec: { containers: [{ name: web, image: "web:1" }] } }
`;

const push = async (sender: TestSender, commit: string, more = {}) => {
  const { body } = await sender.push(
    messages.githubPush({ commit, repository: git.url, at: server.cluster.clock.now(), ...more }),
  );
  return await sender.outcome(body.delivery);
};
const colorOf = async (name = 'settings') =>
  (await server.cluster.client.get(configMaps, { namespace: 'default', name })).data?.['color'];

describe('a push to a repository of manifests', () => {
  it('makes the objects of the directory what they are at that commit, and says which', async () => {
    const commit = await git.commit({
      'deploy/b.yaml': settings('red'),
      'deploy/a.yml': shop,
      'other/c.yaml': 'no: object',
      'deploy/README.md': '#',
    });
    for (const name of ['github', 'gitlab', 'gitea'] as const) {
      const sender = await createSender(server, name, source());
      const payload = { commit, repository: git.url, at: server.cluster.clock.now() };
      const message = { github: messages.githubPush, gitlab: messages.gitlabPush, gitea: messages.giteaPush }[name](
        payload,
      );
      const { body } = await sender.push(message);
      const outcome = await sender.outcome(body.delivery);
      expect(outcome).toMatchObject({
        state: 'succeeded',
        results: [
          { kind: 'ConfigMap', namespace: 'default', name: 'settings' },
          { kind: 'Application', namespace: 'default', name: 'synced' },
        ],
      });
    }
    expect(await colorOf()).toBe('red');
    const { body } = await server.call('GET', '/api/v1/namespaces/default/applications/synced');
    expect(body.spec.version).toBe('1');
  });

  it('changes nothing where one object would be refused', async () => {
    const bad = 'apiVersion: v1\nkind: ConfigMap\nmetadata: { name: Not_A_Name }\n';
    const commit = await git.commit({ 'deploy/a.yaml': settings('green', '-half'), 'deploy/z.yaml': bad });
    const outcome = await push(await createSender(server, 'github', source()), commit);
    expect(outcome).toMatchObject({
      state: 'failed',
      message: expect.stringContaining('nothing was changed'),
      results: [{ name: 'Not_A_Name' }],
    });
    await expect(colorOf('settings-half')).rejects.toMatchObject({ reason: 'NotFound' });
  });

  it('goes on with the last commit alone, and back to an earlier one when it is told to', async () => {
    const sender = await createSender(server, 'github', source({ force: true }));
    const blue = await git.commit({ 'deploy/a.yaml': settings('blue') });
    const first = await push(sender, blue);
    const yellow = await git.commit({ 'deploy/a.yaml': settings('yellow') });
    await push(sender, yellow);
    expect(await colorOf()).toBe('yellow');
    expect(await push(sender, blue, { at: server.cluster.clock.now() + 1_000 })).toMatchObject({
      state: 'ignored',
      message: `main is at ${yellow} by now`,
    });
    const { body } = await server.call('POST', `${webhooksPath}/${sender.id}/deliveries/${first.id}/redeliver`);
    expect(await sender.outcome(body.id)).toMatchObject({ state: 'succeeded', requestedBy: 'admin' });
    expect(await colorOf()).toBe('blue');
  });

  it('takes nothing over that somebody else has written, unless it is told to', async () => {
    const commit = await git.commit({ 'deploy/a.yaml': settings('black', '-own') });
    const object = {
      apiVersion: 'v1',
      kind: 'ConfigMap',
      metadata: { namespace: 'default', name: 'settings-own' },
      data: { color: 'white' },
    };
    await server.cluster.client.create(configMaps, object, { fieldManager: 'somebody' });
    expect(await push(await createSender(server, 'github', source()), commit)).toMatchObject({
      state: 'failed',
      message: expect.stringContaining('somebody'),
    });
    expect(await colorOf('settings-own')).toBe('white');
    expect(await push(await createSender(server, 'github', source({ force: true })), commit)).toMatchObject({
      state: 'succeeded',
    });
    expect(await colorOf('settings-own')).toBe('black');
  });

  it('leaves what is no longer in the directory, and says so until it is gone', async () => {
    const sender = await createSender(server, 'github', source());
    await push(
      sender,
      await git.commit({ 'deploy/a.yaml': settings('red', '-stays'), 'deploy/b.yaml': settings('red', '-old') }),
    );
    for (const color of ['green', 'blue']) {
      const commit = await git.commit({ 'deploy/a.yaml': settings(color, '-stays') });
      expect(await push(sender, commit)).toMatchObject({
        state: 'succeeded',
        message: `1 objects are as at ${commit.slice(0, 12)}, 1 were changed; no longer in the directory, and left: ConfigMap settings-old`,
        results: [
          { outcome: 'applied' },
          { name: 'settings-old', outcome: 'left', message: 'the webhook has no prune: true' },
        ],
      });
      expect(await colorOf('settings-old')).toBe('red');
    }
    await server.cluster.client.delete(configMaps, { namespace: 'default', name: 'settings-old' });
    const commit = await git.commit({ 'deploy/a.yaml': settings('gold', '-stays') });
    expect((await push(sender, commit)).results).toHaveLength(1);
  });

  it('waits for an Application that is going, and makes it anew', async () => {
    const { client } = server.cluster;
    const key = { namespace: 'default', name: 'leaving' };
    const files = { 'deploy/a.yaml': settings('red', '-waits'), 'deploy/b.yaml': shop.replace('synced', 'leaving') };
    const sender = await createSender(server, 'github', source());
    await push(sender, await git.commit(files));
    const hold = (finalizers: readonly string[]) =>
      client.patch(applications, key, { type: 'merge', body: { metadata: { finalizers } } });
    const { metadata } = await hold(['example.org/hold']);
    await client.delete(applications, key);
    const commit = await git.commit({ ...files, 'deploy/a.yaml': settings('blue', '-waits') });
    const payload = messages.githubPush({ commit, repository: git.url, at: server.cluster.clock.now() });
    const { body } = await sender.push(payload);
    const shown = `${webhooksPath}/${sender.id}/deliveries/${body.delivery}`;
    while ((await server.call('GET', shown)).body.message !== 'Application leaving is still going')
      await Promise.all([server.cluster.advance(100), setTimeout(10)]);
    expect(await colorOf('settings-waits')).toBe('red');
    await hold([]);
    expect(await sender.outcome(body.delivery)).toMatchObject({ state: 'succeeded' });
    const anew = (await client.get(applications, key)).metadata;
    expect([anew.deletionTimestamp, anew.uid === metadata.uid]).toEqual([undefined, false]);
    expect(await colorOf('settings-waits')).toBe('blue');
  });

  it('removes what is no longer in the directory where it is told to, and nothing that others want', async () => {
    const { client } = server.cluster;
    const sender = await createSender(server, 'github', source({ prune: true }));
    const kept = settings('red', '-kept').replace('-kept }', '-kept, annotations: { slipway.dev/prune: "false" } }');
    const first = await push(
      sender,
      await git.commit({
        'deploy/a.yaml': settings('red', '-main'),
        'deploy/b.yaml': `${settings('red', '-gone')}---\n${settings('red', '-anew')}---\n${kept}`,
        'deploy/c.yaml': shop.replace('synced', 'pruned'),
      }),
    );
    expect(first).toMatchObject({ state: 'succeeded' });
    const anew = { namespace: 'default', name: 'settings-anew' };
    await client.delete(configMaps, anew);
    await client.create(configMaps, { metadata: anew, data: { color: 'of somebody' } }, { fieldManager: 'somebody' });
    const second = await push(sender, await git.commit({ 'deploy/a.yaml': settings('green', '-main') }));
    expect(second).toMatchObject({
      state: 'succeeded',
      message: expect.stringMatching(
        /removed, as no longer in the directory: Application pruned, ConfigMap settings-gone; .* left: ConfigMap settings-kept$/,
      ),
      results: [
        { name: 'settings-main', outcome: 'applied' },
        { kind: 'Application', name: 'pruned', outcome: 'removed' },
        { name: 'settings-gone', outcome: 'removed' },
        { name: 'settings-kept', outcome: 'left' },
      ],
    });
    await expect(colorOf('settings-gone')).rejects.toMatchObject({ reason: 'NotFound' });
    expect([await colorOf('settings-anew'), await colorOf('settings-kept')]).toEqual(['of somebody', 'red']);
    const { items } = (await server.call('GET', '/api/v1/audit?limit=20')).body;
    expect(items).toContainEqual(expect.objectContaining({ subject: 'settings-gone', outcome: 'removed' }));
    // Back to where it was: what an earlier commit has is there again.
    await client.delete(configMaps, anew);
    const { body } = await server.call('POST', `${webhooksPath}/${sender.id}/deliveries/${first.id}/redeliver`);
    expect(await sender.outcome(body.id)).toMatchObject({ state: 'succeeded' });
    expect(await colorOf('settings-gone')).toBe('red');
  });

  it('looks again before it removes: what others want by then stays', async () => {
    const { client } = server.cluster;
    const sender = await createSender(server, 'github', source({ prune: true }));
    const names = ['-late-a', '-late-b', '-late-c'];
    const files = { 'deploy/a.yaml': settings('red', '-late') };
    await push(
      sender,
      await git.commit({ ...files, 'deploy/b.yaml': names.map((name) => settings('red', name)).join('---\n') }),
    );
    const change = (name: string, metadata: object, data = {}) => {
      const key = { namespace: 'default', name };
      const body = { apiVersion: 'v1', kind: 'ConfigMap', metadata: { ...key, ...metadata }, data };
      return () => client.patch(configMaps, key, { type: 'apply', body, force: true }, { fieldManager: 'somebody' });
    };
    const annotate = (name: string, annotations: object) => () =>
      client.patch(configMaps, { namespace: 'default', name }, { type: 'merge', body: { metadata: { annotations } } });
    beforeRemoval.set('settings-late-a', change('settings-late-a', {}, { by: 'somebody' }));
    beforeRemoval.set('settings-late-b', annotate('settings-late-b', { 'slipway.dev/prune': 'false' }));
    beforeRemoval.set('settings-late-c', annotate('settings-late-c', { seen: 'true' }));
    expect(await push(sender, await git.commit(files))).toMatchObject({
      state: 'succeeded',
      results: [
        { name: 'settings-late' },
        { name: 'settings-late-a', outcome: 'left', message: 'somebody applies it too' },
        { name: 'settings-late-b', outcome: 'left' },
        { name: 'settings-late-c', outcome: 'removed' },
      ],
    });
    expect(beforeRemoval.size).toBe(0);
    expect([await colorOf('settings-late-a'), await colorOf('settings-late-b')]).toEqual(['red', 'red']);
  });

  it.each([true, false])('says what it cannot look at, and does the rest (prune: %s)', async (prune) => {
    const sender = await createSender(server, 'github', source({ prune, force: true }));
    const files = { 'deploy/a.yaml': settings(`red-${prune}`, '-rest') };
    await push(sender, await git.commit({ ...files, 'deploy/b.yaml': settings('red', '-secret') }));
    await noteApplied(server.database, sender.id, [
      { apiVersion: 'policy/v1beta1', kind: 'Forgotten', namespace: 'default', name: 'old' },
    ]);
    unreadable.add('settings-secret');
    const outcome = await push(sender, await git.commit({ 'deploy/a.yaml': settings(`blue-${prune}`, '-rest') }));
    unreadable.clear();
    expect(outcome).toMatchObject({
      state: 'succeeded',
      results: [
        { name: 'settings-rest', outcome: 'applied' },
        { name: 'old', outcome: 'left', message: 'its kind is not served in policy/v1beta1' },
        {
          name: 'settings-secret',
          outcome: 'left',
          message: 'it cannot be looked at: you may not read settings-secret',
        },
      ],
    });
    expect(await colorOf('settings-rest')).toBe(`blue-${prune}`);
  });

  it('removes nothing of a directory that is refused', async () => {
    const sender = await createSender(server, 'github', source({ prune: true }));
    await push(
      sender,
      await git.commit({ 'deploy/a.yaml': settings('red', '-first'), 'deploy/b.yaml': settings('red', '-b') }),
    );
    const bad = 'apiVersion: v1\nkind: ConfigMap\nmetadata: { name: Not_A_Name }\n';
    expect(await push(sender, await git.commit({ 'deploy/a.yaml': bad }))).toMatchObject({ state: 'failed' });
    expect(await push(sender, await git.commit({ 'deploy/README.md': '#' }))).toMatchObject({ state: 'failed' });
    expect(await colorOf('settings-b')).toBe('red');
  });

  const map = settings('red', '-map');
  it.each([
    { name: 'a link out of the repository', files: { 'deploy/a.yaml': '-> /etc/hostname' }, why: 'symbolic link' },
    { name: 'a link to a file of it', files: { 'deploy/a.yaml': '-> ../b.yaml', 'b.yaml': map }, why: 'symbolic link' },
    { name: 'a directory that is a link', files: { deploy: '-> real', 'real/a.yaml': map }, why: 'no directory' },
    { name: 'no manifest', files: { 'deploy/a.txt': 'a', 'deploy/b/c.yaml': map }, why: 'holds no' },
    { name: 'a file without end', files: { 'deploy/a.yaml': '#'.repeat(1_100_000) }, why: 'bytes' },
    { name: 'no YAML', files: { 'deploy/a.yaml': 'a: [b' }, why: 'is not YAML' },
    // It ends the process that reads it.
    { name: 'depth without end', files: { 'deploy/a.yaml': '- '.repeat(60_000) }, why: 'nothing was changed' },
    {
      name: 'what the webhook may not write',
      files: { 'deploy/a.yaml': `${map}---\napiVersion: v1\nkind: Namespace\nmetadata: { name: a }\n` },
      why: 'whole cluster',
    },
  ])('is refused with words: $name', async ({ files, why }) => {
    const commit = await git.commit(files);
    const outcome = await push(await createSender(server, 'github', source()), commit);
    expect(outcome).toMatchObject({ state: 'failed', message: expect.stringContaining(why) });
    await expect(colorOf('settings-map')).rejects.toMatchObject({ reason: 'NotFound' });
  });

  it('to another repository or branch asks for nothing', async () => {
    const sender = await createSender(server, 'github', source());
    expect(await push(sender, messages.commit, { repository: 'https://git.example.org/other.git' })).toMatchObject({
      state: 'ignored',
    });
    expect(await push(sender, messages.commit, { ref: 'refs/heads/other' })).toMatchObject({ state: 'ignored' });
  });

  it('leads to no private network that is not named', async () => {
    const commit = await git.commit({ 'deploy/a.yaml': settings('red') });
    const before = git.asked.length;
    const sender = await createSender(server, 'github', source({ allowAddresses: ['10.0.0.0/8'] }));
    expect(await push(sender, commit)).toMatchObject({
      state: 'failed',
      message: expect.stringContaining('127.0.0.1'),
    });
    expect(git.asked).toHaveLength(before);
  });

  it('follows nobody elsewhere', async () => {
    const commit = await git.commit({ 'deploy/a.yaml': settings('red') });
    const repository = git.url.replace('manifests', 'elsewhere');
    const before = git.asked.length;
    const sender = await createSender(server, 'github', source({ repository }));
    expect(await push(sender, commit, { repository })).toMatchObject({ state: 'failed' });
    expect(git.asked.slice(before).filter((path) => path.includes('manifests.git'))).toEqual([]);
  });

  it('shows the credentials of the webhook to the repository, and to nobody else', async () => {
    const commit = await git.commit({ 'deploy/a.yaml': settings('gold', '-private') });
    git.requireAuthorization(`Basic ${Buffer.from('robot:pass-word-1').toString('base64')}`);
    const without = await push(await createSender(server, 'github', source()), commit);
    expect(without).toMatchObject({ state: 'failed', message: expect.stringContaining('credentials') });
    const credentials = { username: 'robot', password: 'pass-word-1' };
    const sender = await createSender(server, 'github', source(), { credentials });
    expect(await push(sender, commit)).toMatchObject({ state: 'succeeded' });
    const wrong = await createSender(server, 'github', source(), {
      credentials: { ...credentials, password: 'pass-word-2' },
    });
    expect(await push(wrong, commit)).toMatchObject({ state: 'failed' });
    const rows = await server.database.query('SELECT * FROM webhooks');
    const shown = [
      rows,
      await wrong.deliveries(),
      (await server.call('GET', webhooksPath)).body,
      (await server.call('GET', '/api/v1/audit?limit=500')).body,
    ];
    expect(JSON.stringify(shown)).not.toContain('pass-word');
  });

  it('is given up with the server, and leaves nothing behind', async () => {
    const connected = Promise.withResolvers<void>();
    // It takes the question and never answers.
    const silent = createServer((socket) => socket.once('data', () => connected.resolve()));
    const sockets = new Set<Socket>();
    silent.on('connection', (socket) => sockets.add(socket));
    silent.listen(0, '127.0.0.1');
    await once(silent, 'listening');
    const { port } = silent.address() as AddressInfo;
    const stopping = new AbortController();
    const folder = await mkdtemp(join(tmpdir(), 'slipway-webhooks-'));
    const order = {
      repository: `http://127.0.0.1:${port}/a.git`,
      branch: 'main',
      directory: '.',
      commit: messages.commit,
    };
    const fetching = fetchDirectory(
      { ...order, isWhateverCame: false, allowAddresses: ['127.0.0.1/32'], within: folder },
      stopping.signal,
    );
    const refused = fetching.then(
      () => 'fetched',
      (error: unknown) => String(error),
    );
    await connected.promise;
    const closed = Promise.all([...sockets].map((socket) => once(socket, 'close')));
    stopping.abort(new Error('the server stops'));
    expect(await refused).toContain('the server stops');
    // Its helper has ended too.
    await closed;
    await new Promise((resolve) => silent.close(resolve));
    expect(await readdir(folder)).toEqual([]);
    await rm(folder, { recursive: true });
  });
});
