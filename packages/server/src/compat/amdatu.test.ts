import { formatMicroTime } from '@slipway/kube/clock';
import { keyOf } from '@slipway/kube/object';
import { endpointSlices, leases, pods, secrets } from '@slipway/kube/resources';
import { gatewayLeaseLabel, gatewayLeaseNamespace } from '@slipway/kube/split';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { WebSocket } from 'ws';
import { startTestServer, type Answer, type TestServer } from '../../testing/test-server.ts';

const base = '/compat/amdatu';
const query = '?namespace=default';

interface DescriptorOptions {
  readonly image?: string;
  readonly version?: string;
  readonly more?: object;
}

function descriptorOf(appName: string, { image = 'web:1', version = '#', more = {} }: DescriptorOptions = {}) {
  return {
    appName,
    namespace: 'default',
    newVersion: version,
    replicas: 2,
    frontend: `${appName}.localhost`,
    useHealthCheck: true,
    healthCheckPath: 'health',
    healthCheckType: 'probe',
    podspec: { containers: [{ name: 'web', image, ports: [{ containerPort: 8080 }] }] },
    ...more,
  };
}

function idOf({ headers }: Answer): string {
  return /\/([\w-]+)\/\?namespace=default$/.exec(headers.get('location') ?? '')?.[1] ?? '';
}

describe('the API of the Amdatu deployer', () => {
  let server: TestServer;
  beforeAll(async () => {
    server = await startTestServer({ compatRoot: true });
  });
  afterAll(() => server.stop());

  const call = (method: string, path: string, body?: unknown) =>
    server.call(method, `${base}${path}`, body === undefined ? {} : { body });
  const keep = async (descriptor: object): Promise<string> => {
    const answer = await call('POST', `/descriptors/${query}`, descriptor);
    expect(answer).toMatchObject({ status: 201, body: '' });
    return idOf(answer);
  };
  const begin = async (descriptorId: string): Promise<string> => {
    const answer = await call('POST', `/deployments/${query}&descriptorId=${descriptorId}`);
    expect(answer.status).toBe(202);
    return idOf(answer);
  };
  const deployment = async (id: string) => (await call('GET', `/deployments/${id}/${query}`)).body;
  const deploy = async (descriptor: object, milliseconds = 400_000): Promise<string> => {
    const id = await begin(await keep(descriptor));
    await server.cluster.advance(milliseconds);
    return id;
  };

  describe('descriptors', () => {
    it('keeps one with its defaults, replaces it and forgets it', async () => {
      const podspec = { containers: [{ name: 'web', image: 'web:1' }] };
      const id = await keep({ appName: 'plain', podspec });
      const { status, body } = await call('GET', `/descriptors/${id}/${query}`);
      expect(status).toBe(200);
      expect(body).toMatchObject({
        id,
        namespace: 'default',
        newVersion: '#',
        deploymentType: 'blue-green',
        replicas: 1,
      });
      expect(body.created).toBe(body.lastModified);
      await server.cluster.advance(1_000);
      expect(await call('PUT', `/descriptors/${id}/${query}`, { ...body, replicas: 3 })).toMatchObject({ status: 204 });
      const changed = (await call('GET', `/descriptors/${id}/${query}`)).body;
      expect(changed).toMatchObject({ replicas: 3, created: body.created });
      expect(changed.lastModified > body.lastModified).toBe(true);
      expect(await call('DELETE', `/descriptors/${id}/${query}`)).toMatchObject({ status: 204 });
      for (const method of ['GET', 'DELETE'])
        expect(await call(method, `/descriptors/${id}/${query}`)).toMatchObject({ status: 404 });
      expect(await call('PUT', `/descriptors/${id}/${query}`, { appName: 'plain', podspec })).toMatchObject({
        status: 404,
      });
    });

    it('lists none as none, and those of one application', async () => {
      expect(await call('GET', `/descriptors/${query}&appname=none`)).toMatchObject({ status: 200, body: [] });
      const [first, second] = [await keep(descriptorOf('listed')), await keep(descriptorOf('listed'))];
      await keep(descriptorOf('listed-other'));
      const { body } = await call('GET', `/descriptors/${query}&appname=listed`);
      expect(body.map(({ id }: { id: string }) => id).toSorted()).toEqual([first, second].toSorted());
    });

    it('keeps the one that was modified last', async () => {
      const first = await keep(descriptorOf('many'));
      await keep(descriptorOf('many'));
      await server.cluster.advance(1_000);
      await call('PUT', `/descriptors/${first}/${query}`, descriptorOf('many'));
      expect(await call('DELETE', `/descriptors/${query}&appname=many&keepLatest=true`)).toMatchObject({ status: 204 });
      expect((await call('GET', `/descriptors/${query}&appname=many`)).body).toMatchObject([{ id: first }]);
      await call('DELETE', `/descriptors/${query}&appname=many`);
      expect((await call('GET', `/descriptors/${query}&appname=many`)).body).toEqual([]);
    });

    it('says every fault of one at once, in its own words', async () => {
      const broken = descriptorOf('broken', {
        more: {
          id: 'mine',
          namespace: 'other',
          frontend: 'not a host',
          podspec: { containers: [{ name: 'web' }] },
        },
      });
      for (const path of [`/descriptors/validate${query}`, `/descriptors/${query}`]) {
        const { status, body } = await call('POST', path, broken);
        expect(status).toBe(400);
        const fields = body.errors.map(({ field }: { field: string }) => field);
        expect(fields).toEqual(expect.arrayContaining(['body/id', 'body/namespace', 'body/frontend']));
      }
      expect(await call('POST', `/descriptors/validate${query}`, descriptorOf('fine'))).toMatchObject({ status: 204 });
      // Pipelines name no namespace there but that of the descriptor.
      const { namespace: _, ...nameless } = descriptorOf('fine');
      expect(await call('POST', '/descriptors/validate', descriptorOf('fine'))).toMatchObject({ status: 204 });
      expect(await call('POST', '/descriptors/validate', broken)).toMatchObject({ status: 400 });
      const nowhere = await call('POST', '/descriptors/validate', nameless);
      expect(nowhere).toMatchObject({ status: 400, body: { errors: [{ field: 'body/namespace' }] } });
      expect((await call('GET', `/descriptors/${query}&appname=fine`)).body).toEqual([]);
    });

    it('validates what replaces one', async () => {
      const id = await keep(descriptorOf('replaced'));
      const answer = await call('PUT', `/descriptors/${id}/${query}`, { ...descriptorOf('replaced'), replicas: -1 });
      expect(answer).toMatchObject({ status: 400, body: { errors: [{ field: 'body/replicas' }] } });
    });

    it('stores no credentials in clear text, and returns none', async () => {
      const more = { environment: { PASSWORD: 'hunter2' }, webhooks: [{ key: 'hook-secret', description: 'ci' }] };
      const id = await keep(descriptorOf('secretive', { more }));
      const { body } = await call('GET', `/descriptors/${id}/${query}`);
      expect(body).toMatchObject({
        environment: { PASSWORD: '(hidden)' },
        webhooks: [{ key: '(hidden)', description: 'ci' }],
      });
      const tables = ['compat_descriptors', 'compat_deployments', 'audit'];
      const rows = await Promise.all(tables.map((table) => server.database.query(`SELECT * FROM ${table}`)));
      expect(JSON.stringify(rows)).not.toMatch(/hunter2|hook-secret/);
      // Who sends back what he has read keeps the value.
      await call('PUT', `/descriptors/${id}/${query}`, { ...body, environment: { ...body.environment, MORE: 'x' } });
      const again = { ...body, id: undefined };
      expect(await call('POST', `/descriptors/${query}`, again)).toMatchObject({ status: 400 });
      await begin(id);
      await server.cluster.advance(400_000);
      const { items } = await server.cluster.client.list(secrets, { namespace: 'default' });
      const values = items.map(({ data = {} }) => data['PASSWORD']).filter((value) => value !== undefined);
      expect(new Set(values)).toEqual(new Set([Buffer.from('hunter2').toString('base64')]));
    });

    it('asks for a value that it does not have', async () => {
      const more = { environment: { PASSWORD: '(hidden)' } };
      expect(await call('POST', `/descriptors/${query}`, descriptorOf('unknown', { more }))).toMatchObject({
        status: 400,
        body: { errors: [{ field: 'body/environment/PASSWORD' }] },
      });
    });
  });

  describe('deployments', () => {
    it('answers at once where one is, and says when it is deployed', async () => {
      const id = await begin(await keep(descriptorOf('shop')));
      expect(await deployment(id)).toMatchObject({ id, version: '1', status: 'DEPLOYING' });
      await server.cluster.advance(400_000);
      expect(await deployment(id)).toMatchObject({
        status: 'DEPLOYED',
        descriptor: { appName: 'shop', newVersion: '#' },
      });
      const { body } = await call('GET', `/deployments/${id}/healthcheckdata${query}`);
      expect(body).toHaveLength(2);
      expect(body[0]).toEqual({ podName: expect.stringMatching(/^shop-/), value: '{"healthy":true}' });
    });

    it('has a log of lines with their times', async () => {
      const id = await deploy(descriptorOf('logged', { more: { kafkaTopic: 'x', useStickySessions: true } }));
      const { body, headers } = await call('GET', `/deployments/${id}/logs${query}`);
      expect(headers.get('content-type')).toBe('text/plain; charset=utf-8');
      const lines = String(body).trimEnd().split('\n');
      for (const line of lines) expect(line).toMatch(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z ./);
      expect(lines[0]).toContain('deployment of logged 1, asked by ');
      expect(body).toContain('left out: kafkaTopic');
      expect(body).toContain('useStickySessions holds inside the cluster');
      expect(lines.at(-1)).toMatch(/Succeeded/);
    });

    it('counts versions up, and keeps the ones before as undeployed', async () => {
      const descriptor = await keep(descriptorOf('counted'));
      const first = await begin(descriptor);
      await server.cluster.advance(400_000);
      const second = await begin(descriptor);
      await server.cluster.advance(400_000);
      expect(await deployment(first)).toMatchObject({ version: '1', status: 'UNDEPLOYED' });
      expect(await deployment(second)).toMatchObject({ version: '2', status: 'DEPLOYED' });
      const { body } = await call('GET', `/deployments/${query}&appname=counted&limit=1`);
      expect(body).toMatchObject([{ id: second }]);
    });

    it('deploys the stored copy again, whatever became of the descriptor', async () => {
      const descriptor = await keep(descriptorOf('copied'));
      const first = await begin(descriptor);
      await server.cluster.advance(400_000);
      await call('DELETE', `/descriptors/${descriptor}/${query}`);
      const answer = await call('PUT', `/deployments/${first}/${query}`);
      expect(answer.status).toBe(202);
      await server.cluster.advance(400_000);
      expect(await deployment(idOf(answer))).toMatchObject({ version: '2', status: 'DEPLOYED' });
    });

    it('is deployed at once where the same serves already', async () => {
      const descriptor = await keep(descriptorOf('same', { version: 'one' }));
      await begin(descriptor);
      await server.cluster.advance(400_000);
      expect(await deployment(await begin(descriptor))).toMatchObject({ version: 'one', status: 'DEPLOYED' });
    });

    it('tries again what was refused', async () => {
      await deploy(descriptorOf('stubborn', { version: 'good' }));
      const bad = await keep(descriptorOf('stubborn', { version: 'bad', image: 'broken' }));
      const first = await begin(bad);
      await server.cluster.advance(400_000);
      expect(await deployment(first)).toMatchObject({ status: 'FAILURE' });
      const second = await begin(bad);
      expect(await deployment(second)).toMatchObject({ status: 'DEPLOYING' });
      await server.cluster.advance(400_000);
      expect(await deployment(second)).toMatchObject({ status: 'FAILURE' });
      expect((await call('GET', `/deployments/${second}/logs${query}`)).body).toContain('attempt 2');
      expect((await call('GET', `/deployments/${first}/logs${query}`)).body).not.toContain('attempt 2');
    });

    it('undeploys the application, and forgets the deployment where that is asked', async () => {
      const id = await deploy(descriptorOf('going'));
      expect(await call('DELETE', `/deployments/${id}/${query}`)).toMatchObject({ status: 202 });
      expect((await deployment(id)).status).toMatch(/^UNDEPLOY(ING|ED)$/);
      await server.cluster.advance(60_000);
      expect(await deployment(id)).toMatchObject({ status: 'UNDEPLOYED' });
      expect(await call('DELETE', `/deployments/${id}/${query}&deleteDeployment=true`)).toMatchObject({ status: 202 });
      expect(await call('GET', `/deployments/${id}/${query}`)).toMatchObject({ status: 404 });
    });

    it('removes the records of what is over, and with undeploy the rest', async () => {
      const descriptor = await keep(descriptorOf('cleared'));
      await begin(descriptor);
      await server.cluster.advance(400_000);
      const live = await begin(descriptor);
      await server.cluster.advance(400_000);
      expect(await call('DELETE', `/deployments/${query}&appname=cleared`)).toMatchObject({ status: 204 });
      expect((await call('GET', `/deployments/${query}&appname=cleared`)).body).toMatchObject([{ id: live }]);
      expect(await call('DELETE', `/deployments/${query}&appname=cleared&undeploy=true`)).toMatchObject({
        status: 202,
      });
      await server.cluster.advance(60_000);
      expect((await call('GET', `/deployments/${query}&appname=cleared`)).body).toEqual([]);
      expect((await server.call('GET', '/api/v1/applications?search=cleared')).body.items).toEqual([]);
    });

    it('streams the whole log first, then what is added, and ends with the deployment', async () => {
      const id = await begin(await keep(descriptorOf('streamed')));
      const { frames, first, ended } = listen(`${base}/stream/deployments/${id}/logs${query}`);
      await first;
      await server.cluster.advance(400_000);
      expect(await ended).toBe(1_000);
      expect(frames[0]).toContain('deployment of streamed 1');
      expect(frames.length).toBeGreaterThan(1);
      const { body } = await call('GET', `/deployments/${id}/logs${query}`);
      // It goes on with what the guard says.
      expect(body.startsWith(frames.join(''))).toBe(true);
      expect(frames.join('')).toContain('Guarding');
    });

    it('is found at the root where that is wanted', async () => {
      expect(await server.call('GET', `/deployments${query}&appname=none`)).toMatchObject({ status: 200, body: [] });
      expect(await server.call('GET', `/descriptors/${query}&appname=none`)).toMatchObject({ status: 200, body: [] });
    });
  });

  describe('known faults of the deployer', () => {
    it('keeps what serves where a second release fails its health check', async () => {
      const first = await deploy(descriptorOf('steady'));
      const second = await deploy(descriptorOf('steady', { image: 'broken' }));
      expect(await deployment(second)).toMatchObject({ status: 'FAILURE' });
      expect(await deployment(first)).toMatchObject({ status: 'DEPLOYED' });
      const { body } = await server.call('GET', '/api/v1/namespaces/default/applications/steady');
      expect(body).toMatchObject({ serving: { version: '1' }, split: { 1: 100 } });
      expect(await servedBy('steady')).toEqual(['1']);
    });

    it('loses nothing of the log where a deployment fails, neither read nor streamed', async () => {
      await deploy(descriptorOf('told'));
      const id = await begin(await keep(descriptorOf('told', { image: 'broken' })));
      const { frames, first, ended } = listen(`${base}/stream/deployments/${id}/logs${query}`);
      await first;
      await server.cluster.advance(400_000);
      expect(await ended).toBe(1_000);
      const { body } = await call('GET', `/deployments/${id}/logs${query}`);
      expect(body).toMatch(/RolledBack: .*health[^\n]*\n(.*\n)*.*attempt 1 has ended: RolledBack\n$/);
      expect(frames.join('')).toBe(body);
    });

    it('moves no traffic inside the cluster before the outside has proven that it follows', async () => {
      await deploy(descriptorOf('proven'));
      // Another gateway stands before the application, and confirms nothing.
      const { client, clock } = server.cluster;
      const late = { namespace: gatewayLeaseNamespace, name: 'gateway-late' };
      await client.create(leases, {
        metadata: { ...late, labels: { [gatewayLeaseLabel]: 'true' } },
        spec: { holderIdentity: late.name, leaseDurationSeconds: 86_400, renewTime: formatMicroTime(clock.now()) },
      });
      const second = await begin(await keep(descriptorOf('proven', { image: 'web:2' })));
      await server.cluster.advance(20_000);
      const { body } = await server.call('GET', '/api/v1/namespaces/default/applications/proven');
      const meanwhile = [(await deployment(second)).status, body.split, body.waitingFor, await servedBy('proven')];
      await client.delete(leases, late);
      const waitingFor = 'gateway-late to confirm that version 2 takes all traffic';
      expect(meanwhile).toEqual(['DEPLOYING', { 1: 0, 2: 100 }, waitingFor, ['1']]);
      await server.cluster.advance(60_000);
      expect(await deployment(second)).toMatchObject({ status: 'DEPLOYED' });
      expect(await servedBy('proven')).toEqual(['2']);
    });

    it('asks for health at the port that the descriptor names', async () => {
      await deploy(descriptorOf('ported', { more: { healthCheckPort: 9_999 } }), 1_000);
      const { body } = await server.call('GET', '/api/v1/namespaces/default/applications/ported');
      expect(body.spec.healthCheck).toMatchObject({ path: '/health', port: 9_999, type: 'probe' });
    });

    it('lets no header of an answer say more than itself', async () => {
      const additionHttpHeaders = [{ Header: 'X-Bad', Value: 'one\r\nSet-Cookie: two' }];
      const answer = await call(
        'POST',
        `/descriptors/${query}`,
        descriptorOf('escaped', { more: { additionHttpHeaders } }),
      );
      expect(answer).toMatchObject({
        status: 400,
        body: { errors: [{ field: expect.stringContaining('body/additionHttpHeaders') }] },
      });
    });

    it('takes back a version that breaks after the switch', async () => {
      await deploy(descriptorOf('breaking'));
      const second = await deploy(descriptorOf('breaking', { image: 'web:2' }), 20_000);
      expect(await deployment(second)).toMatchObject({ status: 'DEPLOYED' });
      await runOutOfMemory('web:2');
      await server.cluster.advance(60_000);
      expect(await deployment(second)).toMatchObject({ status: 'FAILURE' });
    });

    it('moves no traffic before pods are ready where there is no health check', async () => {
      const first = await deploy(descriptorOf('unchecked', { more: { useHealthCheck: false } }));
      expect(await deployment(first)).toMatchObject({ status: 'DEPLOYED' });
      const containers = [{ name: 'web', image: 'web:2', ports: [{ containerPort: 8080 }] }];
      // No node is like that: its pods never start.
      const podspec = { containers, nodeSelector: { no: 'such' } };
      const second = await begin(await keep(descriptorOf('unchecked', { more: { useHealthCheck: false, podspec } })));
      await server.cluster.advance(60_000);
      expect(await deployment(second)).toMatchObject({ status: 'DEPLOYING' });
      const { body } = await server.call('GET', '/api/v1/namespaces/default/applications/unchecked');
      expect(body).toMatchObject({ serving: { version: '1' }, split: { 1: 100 } });
      expect(await servedBy('unchecked')).toEqual(['1']);
    });

    it('leaves nothing in DEPLOYING for ever that a server left half-asked', async () => {
      const id = await begin(await keep(descriptorOf('crashed')));
      const [row] = await server.database.query('SELECT record FROM compat_deployments WHERE id = $1', [id]);
      const { generation, application, release, ...rest } = JSON.parse(String(row?.['record']));
      expect([generation, typeof application, release]).toEqual([1, 'string', undefined]);
      await server.database.query('UPDATE compat_deployments SET record = $2, version = $3 WHERE id = $1', [
        id,
        JSON.stringify(rest),
        'never',
      ]);
      expect(await deployment(id)).toMatchObject({ status: 'DEPLOYING' });
      await server.cluster.advance(120_000);
      expect(await deployment(id)).toMatchObject({ status: 'FAILURE' });
      expect((await call('GET', `/deployments/${id}/logs${query}`)).body).toContain('deploy again');
    });

    it('lets nobody in without a login, nor further than his role', async () => {
      const refused = await server.call('GET', `${base}/descriptors/${query}`, { token: '' });
      expect(refused.status).toBe(401);
      const token = await server.tokenFor({ role: 'view', namespaces: ['default'] });
      expect((await server.call('GET', `${base}/descriptors/${query}`, { token })).status).toBe(200);
      const asked = { token, body: descriptorOf('mine') };
      expect((await server.call('POST', `${base}/descriptors/${query}`, asked)).status).toBe(403);
      expect((await server.call('GET', `${base}/descriptors/?namespace=other`, { token })).status).toBe(403);
      expect((await server.call('GET', `${base}/descriptors/`)).status).toBe(400);
      expect((await server.call('GET', `${base}/descriptors/${query}&namespace=other`)).status).toBe(400);
    });

    it('takes a token as a password, from who is no browser', async () => {
      const authorization = `Basic ${Buffer.from(`ci:${server.token}`).toString('base64')}`;
      const ask = (headers: Record<string, string>) =>
        server.call('GET', `${base}/descriptors/${query}`, { token: '', headers: { authorization, ...headers } });
      expect((await ask({})).status).toBe(200);
      expect((await ask({ origin: 'https://evil.example' })).status).toBe(401);
    });

    it('undeploys what serves for an admin alone', async () => {
      const id = await deploy(descriptorOf('guarded'));
      const token = await server.tokenFor({ role: 'operate', namespaces: ['default'] });
      expect((await server.call('DELETE', `${base}/deployments/${id}/${query}`, { token })).status).toBe(403);
      expect(await deployment(id)).toMatchObject({ status: 'DEPLOYED' });
    });
  });

  /** Versions of the pods that the Service in the cluster leads to. */
  async function servedBy(service: string): Promise<readonly string[]> {
    const { client } = server.cluster;
    const labelSelector = `kubernetes.io/service-name=${service}`;
    const { items } = await client.list(endpointSlices, { namespace: 'default', labelSelector });
    const ready = items.flatMap(({ endpoints }) => endpoints).filter(({ conditions }) => conditions?.ready === true);
    // `shop-1-…`
    const versions = ready.map(({ targetRef }) => targetRef?.name?.slice(service.length + 1).split('-')[0] ?? '');
    return [...new Set(versions)].toSorted();
  }

  async function runOutOfMemory(image: string): Promise<void> {
    const { client } = server.cluster;
    const { items } = await client.list(pods, { namespace: 'default' });
    const terminated = { exitCode: 137, reason: 'OOMKilled', finishedAt: '2099-01-01T00:00:00Z' };
    const state = { imageID: '', ready: false, restartCount: 1, state: { running: {} }, lastState: { terminated } };
    for (const pod of items.filter(({ spec }) => spec?.containers[0]?.image === image)) {
      const status = { containerStatuses: [{ name: 'web', image, ...state }] };
      await client.patch(pods, keyOf(pod), { type: 'merge', body: { status } }, { subresource: 'status' });
    }
  }

  function listen(path: string) {
    const { host } = new URL(server.server.url);
    const socket = new WebSocket(`ws://${host}${path}`, { headers: { authorization: `Bearer ${server.token}` } });
    const frames: string[] = [];
    socket.on('message', (data) => frames.push(String(data)));
    const first = new Promise((resolve) => socket.once('message', resolve));
    return { frames, first, ended: new Promise<number>((resolve) => socket.on('close', resolve)) };
  }
});
