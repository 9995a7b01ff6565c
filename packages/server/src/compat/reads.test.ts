/** What the API of the Amdatu deployer reads in the database: how much of it, and how far that has come. */
import { WebSocket } from 'ws';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { startTestServer, type TestServer } from '../../testing/test-server.ts';
import type { Database, Row } from '../database/database.ts';
import { findDeployment, putDeployment } from './deployment-store.ts';

const base = '/compat/amdatu';
const query = '?namespace=default';

let server: TestServer;
let asked: { readonly text: string; readonly rows: readonly Row[] }[];
/** Before it resolves, no release is written down. */
let mayWrite: Promise<void>;
let letWrite: () => void;

beforeEach(async () => {
  asked = [];
  ({ promise: mayWrite, resolve: letWrite } = Promise.withResolvers<void>());
  letWrite();
  server = await startTestServer({ on: counting });
});
afterEach(() => {
  letWrite();
  return server.stop();
});

function counting(database: Database): Database {
  return {
    dialect: database.dialect,
    query: async (text, values) => {
      if (text.startsWith('SELECT uid, resource_version FROM releases')) await mayWrite;
      const rows = await database.query(text, values);
      asked.push({ text, rows });
      return rows;
    },
    transaction: (work) => database.transaction(work),
    listen: (listener) => database.listen(listener),
    close: () => database.close(),
  };
}

async function begin(): Promise<string> {
  const idOf = (headers: Headers) => /\/([\w-]+)\/\?namespace/.exec(headers.get('location') ?? '')?.[1] ?? '';
  const podspec = { containers: [{ name: 'web', image: 'web:1', ports: [{ containerPort: 8080 }] }] };
  const body = { appName: 'shop', newVersion: '#', podspec };
  const descriptor = await server.call('POST', `${base}/descriptors/${query}`, { body });
  const path = `${base}/deployments/${query}&descriptorId=${idOf(descriptor.headers)}`;
  return idOf((await server.call('POST', path)).headers);
}

it('lists any number of deployments by as many questions as a few', async () => {
  const id = await begin();
  await server.cluster.advance(60_000);
  const list = async () => {
    asked.length = 0;
    const { body } = await server.call('GET', `${base}/deployments/${query}`);
    return { questions: asked.length, statuses: body.map(({ status }: { readonly status: string }) => status) };
  };
  const few = await list();
  expect(few.statuses).toEqual(['DEPLOYED']);
  const known = await findDeployment(server.database, { namespace: 'default', id });
  if (known === undefined) throw new Error('the deployment is not known');
  for (let number = 0; number < 200; number += 1) {
    await putDeployment(server.database, { ...known, id: `linked-${number}` });
    // Of this one nothing began, which is found out again and again.
    const open = { ...known, id: `open-${number}`, appName: `app-${number}`, release: undefined };
    await putDeployment(server.database, open);
  }
  const many = await list();
  expect(many.statuses).toHaveLength(401);
  expect(many.statuses.filter((status: string) => status === 'DEPLOYED')).toHaveLength(201);
  expect(many.questions).toBeLessThanOrEqual(few.questions + 1);
});

it('reads no line of a log twice while it streams it', async () => {
  const id = await begin();
  asked.length = 0;
  const url = server.server.url.replace('http', 'ws');
  const socket = new WebSocket(`${url}${base}/stream/deployments/${id}/logs${query}`, {
    headers: { authorization: `Bearer ${server.token}` },
  });
  const frames: string[] = [];
  const first = Promise.withResolvers<void>();
  socket.on('message', (data) => {
    frames.push(String(data));
    first.resolve();
  });
  const ended = new Promise((resolve) => socket.on('close', resolve));
  await first.promise;
  await server.cluster.advance(60_000);
  await ended;
  const read = asked.filter(({ text }) => text.includes('FROM release_log')).flatMap(({ rows }) => rows);
  expect(frames.join('')).toContain('Guarding');
  expect(read.length).toBeGreaterThan(3);
  expect(new Set(read.map(({ number }) => number)).size).toBe(read.length);
});

it('says that a deployment is over when its log is written down, and no sooner', async () => {
  ({ promise: mayWrite, resolve: letWrite } = Promise.withResolvers<void>());
  const id = await begin();
  const read = async (path = '') => (await server.call('GET', `${base}/deployments/${id}/${path}${query}`)).body;
  await server.cluster.advance(90_000);
  const { body } = await server.call('GET', '/api/v1/namespaces/default/applications/shop');
  expect(body.serving.version).toBe('1');
  expect((await read()).status).toBe('DEPLOYING');
  letWrite();
  await server.cluster.advance(1_000);
  expect((await read()).status).toBe('DEPLOYED');
  expect(await read('logs')).toContain('Guarding');
});
