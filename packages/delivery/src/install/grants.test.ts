import type { KubeClient } from '@slipway/kube/client';
import { silentLogger } from '@slipway/kube/logger';
import { describe, expect, test } from 'vitest';
import { FakeClock } from '../../../kube/testing/fake-clock.ts';
import { startCaches } from '../controller/caches.ts';
import { gatewayApi } from '../routers/gateway-api.ts';
import { ingressNginx } from '../routers/ingress-nginx.ts';
import { istio } from '../routers/istio.ts';
import { gatewayGrants, leadershipGrants, servingGrants, type Grant } from './grants.ts';

/** What the caches ask to list, as `resource.group` with its namespace. */
function listedByCaches(namespace: string | undefined): readonly string[] {
  const listed: string[] = [];
  const refuse = (): Promise<never> => Promise.reject(new Error('nothing is served here'));
  const list: KubeClient['list'] = ({ plural, group }, options) => {
    listed.push(`${plural}.${group} in ${options?.namespace ?? 'every namespace'}`);
    return refuse();
  };
  const stopping = new AbortController();
  const client: KubeClient = {
    list,
    get: refuse,
    watch: () => {
      throw new Error('nothing is served here');
    },
    create: refuse,
    update: refuse,
    patch: refuse,
    delete: refuse,
    deleteCollection: refuse,
    request: refuse,
  };
  const clock = new FakeClock();
  startCaches({ client, clock, random: () => 0, logger: silentLogger, namespace, signal: stopping.signal });
  stopping.abort(new Error('the test has seen enough'));
  return listed;
}

function listed(grants: readonly Grant[], where: string): readonly string[] {
  return grants.flatMap(({ verbs, resource, apiGroup }) =>
    verbs.includes('list') && verbs.includes('watch') ? [`${resource}.${apiGroup} in ${where}`] : [],
  );
}

describe('the rights of the controller', () => {
  test.each([undefined, 'shop'])('let it watch everything that it keeps, in namespace %s and nowhere else', (where) => {
    const may = [...listed(servingGrants, where ?? 'every namespace'), ...listed(gatewayGrants, 'kube-system')];
    const asked = listedByCaches(where);
    expect(asked.length).toBeGreaterThan(10);
    expect(asked.filter((each) => !may.includes(each))).toEqual([]);
  });

  test.each([gatewayApi, ingressNginx, istio])('let it write the objects of $type.kind', ({ type }) => {
    const found = servingGrants.find(({ resource, apiGroup }) => resource === type.plural && apiGroup === type.group);
    expect(found?.verbs).toEqual(['list', 'watch', 'get', 'create', 'patch', 'delete']);
  });

  test('name no resource and no verb by a wildcard', () => {
    const all = [...servingGrants, ...leadershipGrants, ...gatewayGrants];
    const words = all.flatMap(({ apiGroup, resource, verbs }) => [apiGroup, resource, ...verbs]);
    expect(words.filter((word) => word.includes('*'))).toEqual([]);
  });

  test('say of each verb that is rare when it is needed', () => {
    for (const { rare = {}, verbs } of servingGrants) expect(verbs).toEqual(expect.arrayContaining(Object.keys(rare)));
  });
});
