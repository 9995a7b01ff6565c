/** Which methods paths take, asked as it comes over a socket: before anybody looks at the body. */
import { Socket } from 'node:net';
import { silentLogger } from '@slipway/kube/logger';
import { configMaps } from '@slipway/kube/resources';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createMemoryCluster, type MemoryCluster } from '../../testing/memory-cluster.ts';
import { answerRequest } from './answer-request.ts';
import { adminIdentity } from './authorization.ts';

let cluster: MemoryCluster;

beforeAll(async () => {
  cluster = await createMemoryCluster();
  await cluster.client.create(configMaps, { metadata: { name: 'kept', namespace: 'default' } });
});
afterAll(() => cluster.close());

async function ask(asked: string, contentType = 'application/json'): Promise<unknown> {
  const [method = '', target = ''] = asked.split(' ');
  const received = {
    method,
    target,
    headers: { 'content-type': contentType },
    authorization: '',
    impersonation: {},
    content: Buffer.from('{}'),
    socket: new Socket(),
    signal: new AbortController().signal,
  };
  const { body } = await answerRequest(received, { api: cluster.api, identity: adminIdentity, logger: silentLogger });
  return body.kind === 'json' ? body.value : body.kind;
}

const here = '/api/v1/namespaces/default';

describe('a method that is not served', () => {
  it.each([
    `PUT ${here}/configmaps`,
    `PATCH ${here}/configmaps`,
    `POST ${here}/configmaps/kept`,
    `POST ${here}/pods/a/status`,
    `DELETE ${here}/pods/a/status`,
    `PUT ${here}/pods/a/log`,
    `GET ${here}/pods/a/eviction`,
    `GET ${here}/serviceaccounts/default/token`,
    `GET ${here}/bindings`,
    'GET /api/v1/namespaces/default/finalize',
    'DELETE /apis/authentication.k8s.io/v1/tokenreviews',
    'POST /apis/metrics.k8s.io/v1beta1/nodes',
    // One at a time, as each may have to wait for what is in it.
    'DELETE /api/v1/namespaces',
  ])('is told before what is in the body: %s', async (asked) => {
    for (const type of ['application/json', 'application/unknown'])
      expect(await ask(asked, type)).toMatchObject({
        code: 405,
        reason: 'MethodNotAllowed',
        message: 'the server does not allow this method on the requested resource',
      });
  });

  it.each(['POST', 'DELETE'])('is any that would write to all namespaces at once: %s', async (method) => {
    expect(await ask(`${method} /api/v1/configmaps`)).toMatchObject({ code: 405 });
    const at = { namespace: 'default', name: 'kept' };
    expect(await cluster.client.get(configMaps, at)).toMatchObject({ metadata: at });
  });
});

it.each([
  'GET /api/v1/configmaps/kept',
  `GET ${here}/nodes`,
  `GET ${here}/configmaps/kept/status`,
  'POST /api/v1/bindings',
  'POST /apis/authentication.k8s.io/v1/tokenreviews/a',
  'GET /apis/metrics.k8s.io/v1beta1/nodes/a/status',
])('what is no path of a resource is not found: %s', async (asked) => {
  expect(await ask(asked)).toMatchObject({ code: 404, message: 'the server could not find the requested resource' });
});
