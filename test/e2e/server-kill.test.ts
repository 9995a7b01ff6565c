/** Deployment servers that are killed in the middle of everything: what was accepted is done, noted and told. */
import { releases } from '@slipway/delivery/api/release';
import { namespaces } from '@slipway/kube/resources';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startHttpReceiver, type HttpReceiver } from '../../packages/server/testing/receiver.ts';
import { removeFolder, self } from './support/person.ts';
import { findPostgres, startPostgres } from '../../packages/server/testing/postgres.ts';
import { Site, until } from './support/server-site.ts';
import { startCluster, type TestCluster } from './support/slipway.ts';

const programs = await findPostgres();
const waves = 2;
/** Of the Applications the first half is released by requests, the other one by webhooks. */
const count = 6;
const names = Array.from({ length: count }, (_, index) => `app-${index}`);
const byWebhook = names.slice(count / 2);
const imageOf = (name: string, tag: string) => `ghcr.io/acme/${name}:${tag}`;
const versionOf = (wave: number) => `1.${wave}.0`;

/** Each release after the first one waits for somebody who lets it go on. */
const specOf = (name: string, version: string) => ({
  version,
  template: { spec: { containers: [{ name: 'web', image: imageOf(name, version) }] } },
  strategy: { type: 'canary', canary: { steps: [{ setWeight: 50 }, { pause: {} }], approximate: true } },
  guardSeconds: 1,
  drainSeconds: 0,
});

const pushOf = (name: string, tag: string) => ({
  action: 'published',
  registry_package: {
    name,
    namespace: 'acme',
    package_type: 'CONTAINER',
    package_version: { container_metadata: { tag: { name: tag } } },
  },
});

let cluster: TestCluster;

beforeAll(async () => {
  cluster = await startCluster({ words: ['--runtime', 'simulated'] });
});
afterAll(() => cluster.stop());

interface Story {
  readonly namespace: string;
  readonly site: Site;
  readonly receiver: HttpReceiver;
  readonly folder: string;
}

async function begin(
  namespace: string,
  given: { readonly servers: number; readonly database: readonly string[] },
): Promise<Story> {
  await cluster.client.create(namespaces, { metadata: { name: namespace } });
  const [folder, receiver] = await Promise.all([self.createFolder(), startHttpReceiver()]);
  const words = ['--kubeconfig', cluster.kubeconfig, '--namespace', namespace, '--lease-seconds', '2'];
  const site = new Site({
    servers: given.servers,
    directory: folder,
    words: [...words, '--allow-private-targets', ...given.database],
  });
  await site.start();
  return { namespace, site, receiver, folder };
}

async function end({ site, receiver, folder }: Story): Promise<void> {
  await site.stop();
  await receiver.close();
  await removeFolder(folder);
}

/** Everything at once, and servers killed again and again meanwhile. Gives what readers have read. */
async function live({ namespace, site, receiver }: Story) {
  const base = `/api/v1/namespaces/${namespace}`;
  const channel = { name: 'all', type: 'webhook', url: receiver.url, secret: 'x'.repeat(32) };
  expect((await site.call('POST', '/api/v1/notifications/channels', channel)).status).toBe(201);
  const rules = byWebhook.map((name) => ({
    repository: `ghcr.io/acme/${name}`,
    policy: { semver: '*' },
    namespaces: [namespace],
  }));
  const webhook = { name: 'images', sender: 'github', target: { images: rules } };
  const { body: hook } = await site.call('POST', '/api/v1/webhooks', webhook);
  const logs = new Map<string, ReturnType<Site['follow']>>();
  const commands: string[] = [];
  const accepted: string[] = [];
  const releaseOf = (name: string, wave: number) => `${name}-${versionOf(wave)}`;
  const phaseOf = async (name: string): Promise<string | undefined> => {
    const { items } = await cluster.client.list(releases, { namespace, fieldSelector: `metadata.name=${name}` });
    return items[0]?.status?.phase;
  };
  const ask = async (name: string, wave: number): Promise<void> => {
    if (wave > 0 && byWebhook.includes(name)) {
      const { status, body } = await site.push(hook, pushOf(name, versionOf(wave)));
      expect([202, 409]).toContain(status);
      accepted.push(`${name} ${versionOf(wave)}`);
      if (status === 202) expect(body.state).toBe('waiting');
    } else {
      const { status } = await site.call('PUT', `${base}/applications/${name}`, {
        spec: specOf(name, versionOf(wave)),
      });
      expect(status).toBe(202);
    }
  };
  const release = async (name: string, wave: number): Promise<void> => {
    const path = `${base}/releases/${releaseOf(name, wave)}/log/stream`;
    logs.set(releaseOf(name, wave), site.follow(path));
    await ask(name, wave);
    if (wave > 0) {
      await until(async () => (await phaseOf(releaseOf(name, wave))) === 'Paused');
      const command = { verb: 'resume', reason: `${name} ${wave}` };
      const { status, body } = await site.call('POST', `${base}/applications/${name}/commands`, command);
      expect(status).toBe(202);
      commands.push(`${base}/applications/${name}/commands/${body.name}`);
    }
    await until(async () => (await phaseOf(releaseOf(name, wave))) === 'Succeeded');
  };
  for (let wave = 0; wave < waves; wave += 1) {
    const before = receiver.received.length;
    const going = Promise.all(names.map((name) => release(name, wave)));
    // While requests are under way, and again while it is told what came of them.
    const killing = (async () => {
      await site.killOne();
      await until(async () => receiver.received.length >= before + 2);
      await site.killOne();
    })();
    await Promise.all([going, killing]);
  }
  return { logs, commands, accepted, hook };
}

async function survives(story: Story): Promise<void> {
  const { namespace, site, receiver } = story;
  const { logs, commands, accepted, hook } = await live(story);
  const base = `/api/v1/namespaces/${namespace}`;
  // One that no server has seen yet is nobody's to remember.
  await until(async () => {
    const history = await site.list(`/api/v1/releases?namespace=${namespace}`);
    return history.length === count * waves && history.every(({ phase }) => phase === 'Succeeded');
  });
  // Releases that go while nobody is there to write them down.
  await site.killAll();
  const old = names.map((name) => ({ namespace, name: `${name}-${versionOf(0)}` }));
  for (const key of old) await cluster.client.delete(releases, key);
  await site.start();
  await until(async () => {
    const { items } = await cluster.client.list(releases, { namespace });
    return items.length === count * (waves - 1);
  });
  // That an object is gone is seen after it went: by the server that leads by then.
  await until(async () => {
    const gone = (await site.list(`/api/v1/releases?namespace=${namespace}`)).filter(({ deletedAt }) => deletedAt);
    return gone.length >= old.length;
  });

  // Every release is in the history as it ended, with its log, and readers have read it without a gap.
  await Promise.all(logs.values());
  const history = await site.list(`/api/v1/releases?namespace=${namespace}`);
  expect(history.map(({ name }) => name).toSorted()).toEqual([...logs.keys()].toSorted());
  for (const { name, phase, logLength, deletedAt } of history) {
    expect({ name, phase, isGone: deletedAt !== undefined }).toEqual({
      name,
      phase: 'Succeeded',
      isGone: old.some((key) => key.name === name),
    });
    const read = await logs.get(name);
    expect(read?.map(({ number }) => number)).toEqual(
      Array.from({ length: read?.length ?? 0 }, (_, index) => index + 1),
    );
    const { body } = await site.call('GET', `${base}/releases/${name}/log?limit=1000`);
    // A line may follow the end, such as the one of a guard, and follow the look at the history;
    // none is another one than was read.
    expect(body.items.length).toBeGreaterThanOrEqual(logLength);
    expect(body.items.slice(0, read?.length)).toEqual(read);
    expect(read?.some(({ text }) => text.includes('Succeeded'))).toBe(true);
  }

  // Every command is on record with what came of it.
  for (const command of commands) expect((await site.call('GET', command)).body.outcome).toBe('accepted');

  // Every delivery that was accepted is there once, and has its outcome.
  const deliveriesPath = `/api/v1/webhooks/${hook.webhook.id}/deliveries`;
  await until(async () => (await site.list(deliveriesPath)).every(({ finishedAt }) => finishedAt !== undefined));
  const deliveries = await site.list(deliveriesPath);
  expect(
    deliveries.map(({ events: [{ repository, tag }] }) => `${repository.split('/').at(-1)} ${tag}`).toSorted(),
  ).toEqual(accepted.toSorted());
  expect(deliveries.map(({ state, message }) => ({ state, message }))).toEqual(
    deliveries.map(() => ({ state: 'succeeded', message: expect.any(String) })),
  );

  // Every phase that a release came into was told, at least once, under an id that stays.
  await until(async () => (await site.list('/api/v1/notifications/deliveries?state=pending')).length === 0);
  const told = await site.list('/api/v1/notifications/deliveries');
  expect(told.every(({ state }) => state === 'delivered')).toBe(true);
  const heard = new Map(receiver.received.map(({ body }) => [JSON.parse(body).id, JSON.parse(body)]));
  expect([...heard.keys()].toSorted()).toEqual(told.map(({ id }) => id).toSorted());
  for (const { name } of history) {
    const { body } = await site.call('GET', `${base}/releases/${name}`);
    const phases = told.filter(({ event }) => event.release === name).map(({ event }) => event.phase);
    expect(phases.toSorted()).toEqual(
      (body.status.transitions as { phase: string }[]).map(({ phase }) => phase).toSorted(),
    );
  }

  // Every change that was answered stands in the audit, and what the webhooks have changed.
  const audit = (await site.list('/api/v1/audit')).filter(({ outcome }) => Number(outcome) < 300);
  const noted = audit.map(({ action, namespace: at, subject }) =>
    `${action}`.replace(':namespace', at).replace(':name', subject),
  );
  for (const each of new Set(site.answered)) {
    const times = (list: readonly string[]) => list.filter((other) => other === each).length;
    expect({ each, times: times(noted) }).toEqual({
      each,
      times: expect.toSatisfy((is) => is >= times(site.answered)),
    });
  }
  console.log(
    `${site.kills} servers were killed; ${history.length} releases, ${told.length} notifications, ${audit.length} notes`,
  );
}

/** Each kill costs a start and a lease, which a busy machine takes long for. */
const patience = { timeout: 300_000 };

describe('servers that are killed in the middle of everything lose nothing', () => {
  it.concurrent('on SQLite', patience, async () => {
    const story = await begin('sqlite', { servers: 1, database: [] });
    await survives(story).finally(() => end(story));
  });

  it.skipIf(programs === undefined).concurrent(
    `two on PostgreSQL${programs === undefined ? ' (not installed)' : ''}`,
    patience,
    async () => {
      const postgres = await startPostgres(programs ?? '');
      try {
        const database = ['--database', await postgres.createDatabase()];
        const story = await begin('postgres', { servers: 2, database });
        await survives(story).finally(() => end(story));
      } finally {
        await postgres[Symbol.asyncDispose]();
      }
    },
  );
});
