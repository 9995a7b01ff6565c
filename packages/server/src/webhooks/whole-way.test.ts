/** From what a product sends, over HTTP, to what the cluster has of it. */
import { configMaps } from '@slipway/kube/resources';
import { releases } from '@slipway/delivery/api/release';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { commitProducts, imageProducts, type DocumentedMessage } from '../../testing/documented-messages.ts';
import { startGitServer, type GitServer } from '../../testing/git-server.ts';
import { shopSpec, startTestServer, type Answer, type TestServer } from '../../testing/test-server.ts';
import { createSender, type TestSender } from '../../testing/webhook-sender.ts';

let server: TestServer;
let git: GitServer;

beforeAll(async () => {
  [server, git] = await Promise.all([startTestServer(), startGitServer()]);
});
afterAll(async () => {
  await Promise.all([server.stop(), git[Symbol.asyncDispose]()]);
});

function send({ id }: TestSender, message: DocumentedMessage, secret: string): Promise<Answer> {
  const { headers, body, isSecretInAddress = false } = message;
  return server.call('POST', `/hooks/${id}${isSecretInAddress ? `/${secret}` : ''}`, { token: '', headers, body });
}

const releaseOf = (application: string, version: string) =>
  server.cluster.client.get(releases, { namespace: 'default', name: `${application}-${version}` });

describe('an image that is pushed', () => {
  it.each(imageProducts.map((product, index) => ({ ...product, application: `shop-${index}` })))(
    'to $name becomes a release where the policy wants it, and nothing where it does not',
    async ({ name, sender: product, repository, push, application }) => {
      const spec = { ...shopSpec(`${repository}:1.3.0`), version: '1.3.0', guardSeconds: 0 };
      const body = { name: application, spec };
      await server.during(server.call('POST', '/api/v1/namespaces/default/applications', { body }));
      const rule = { repository, policy: { semver: '^1.3.0' }, namespaces: ['default'], applications: [application] };
      const sender = await createSender(server, product, { images: [rule] });
      const at = server.cluster.clock.now();
      const pushOf = (tag: string, secret = sender.secret) => send(sender, push({ tag, at, secret }), secret);

      expect((await pushOf('1.4.0', `${sender.secret.slice(1)}x`)).status).toBe(401);
      const unwanted = await pushOf('2.0.0');
      expect(await sender.outcome(unwanted.body.delivery)).toMatchObject({ state: 'ignored' });
      const { status, body: pushed } = await pushOf('1.4.0');
      expect([name, status]).toEqual([name, 202]);
      expect(await sender.outcome(pushed.delivery)).toMatchObject({
        state: 'succeeded',
        results: [{ name: application, outcome: 'released', version: '1.4.0', release: `${application}-1.4.0` }],
      });
      await server.cluster.advance(20_000);
      expect(await releaseOf(application, '1.4.0')).toMatchObject({
        metadata: { annotations: { 'slipway.dev/requested-by': `webhook of ${product}` } },
        spec: { template: { spec: { containers: [{ image: `${repository}:1.4.0` }] } } },
        status: { phase: 'Succeeded' },
      });
      await expect(releaseOf(application, '2.0.0')).rejects.toMatchObject({ reason: 'NotFound' });
      const { body: shown } = await server.call('GET', `/api/v1/namespaces/default/applications/${application}`);
      expect(shown).toMatchObject({ serving: { version: '1.4.0' }, split: { '1.4.0': 100 } });
    },
  );
});

describe('a commit that is pushed', () => {
  it.each(commitProducts)(
    'to $name is what the cluster has then, and is released',
    async ({ sender: product, push }) => {
      const application = `synced-${product}`;
      const filesOf = (version: string) => ({
        'deploy/settings.yaml': `apiVersion: v1
kind: ConfigMap
metadata: { name: of-${product} }
data: { version: "${version}" }
`,
        'deploy/application.yaml': JSON.stringify({
          apiVersion: 'slipway.dev/v1alpha1',
          kind: 'Application',
          metadata: { name: application },
          spec: { ...shopSpec(`web:${version}`), version, guardSeconds: 0 },
        }),
      });
      const manifests = {
        repository: git.url,
        branch: 'main',
        directory: 'deploy',
        namespaces: ['default'],
        allowAddresses: ['127.0.0.0/8'],
      };
      const sender = await createSender(server, product, { manifests });
      for (const version of ['1', '2']) {
        const commit = await git.commit(filesOf(version));
        const pushOf = (secret: string) =>
          send(sender, push({ repository: git.url, commit, at: server.cluster.clock.now(), secret }), secret);
        expect((await pushOf(`${sender.secret.slice(1)}x`)).status).toBe(401);
        const { status, body } = await pushOf(sender.secret);
        expect(status).toBe(202);
        expect(await sender.outcome(body.delivery)).toMatchObject({
          state: 'succeeded',
          events: [{ type: 'commit', branch: 'main', commit }],
          results: [
            { kind: 'ConfigMap', outcome: 'applied' },
            { kind: 'Application', outcome: 'applied' },
          ],
        });
        const { data } = await server.cluster.client.get(configMaps, { namespace: 'default', name: `of-${product}` });
        expect(data).toEqual({ version });
        await server.cluster.advance(20_000);
        expect(await releaseOf(application, version)).toMatchObject({
          metadata: { annotations: { 'slipway.dev/requested-by': `webhook of ${product}` } },
          status: { phase: 'Succeeded' },
        });
      }
    },
  );
});
