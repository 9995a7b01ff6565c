/** What the API server itself refuses of a check. */
import { afterAll, beforeAll, expect, test } from 'vitest';
import { createMemoryCluster } from '../../../../cluster/testing/memory-cluster.ts';
import { installKinds } from '../../install-kinds.ts';
import { applications, type Application } from '../application.ts';

let cluster: Awaited<ReturnType<typeof createMemoryCluster>>;

beforeAll(async () => {
  cluster = await createMemoryCluster();
  await installKinds(cluster.client, new AbortController().signal);
});
afterAll(() => cluster.close());

const prometheus = { address: 'https://prometheus', query: 'up', secretRef: { name: 'access' } };
const web = { url: 'https://metrics/rate', jsonPath: '$.rate', headers: { 'X-Tenant': 'shop' } };
const check = {
  name: 'errors',
  provider: { prometheus },
  successWhen: 'value < 0.05',
  baseline: true,
  interval: '1m30s',
  count: 5,
  failureLimit: 1,
  errorLimit: 2,
  minSamples: 50,
  onNoData: 'wait',
  when: ['release', 'guard'],
};

function create(...checks: readonly object[]): Promise<Application> {
  const template = { spec: { containers: [{ name: 'web', image: 'statics:v1' }] } };
  const more: object = { checks };
  const application: Application = {
    apiVersion: 'slipway.dev/v1alpha1',
    kind: 'Application',
    metadata: { name: 'shop', namespace: 'default' },
    spec: { template, ...more },
  };
  return cluster.client.create(applications, application, { dryRun: true, fieldValidation: 'Strict' });
}

test('a check with every field is kept as it is', async () => {
  const gateway = { metric: 'duration', quantile: 0.95 };
  const all = [check, { ...check, name: 'b', provider: { web } }, { ...check, name: 'c', provider: { gateway } }];
  expect((await create(...all)).spec.checks).toEqual(all);
});

test.each<[what: string, more: object, field: string]>([
  ['without a name', { name: undefined }, 'name'],
  ['with a name in capitals', { name: 'Errors' }, 'name'],
  ['that nobody is asked for', { provider: {} }, 'provider'],
  ['that two are asked for', { provider: { prometheus, web } }, 'provider'],
  ['of an address that is no URL', { provider: { prometheus: { ...prometheus, address: 'file:///a' } } }, 'address'],
  [
    'with a Secret of elsewhere',
    { provider: { prometheus: { ...prometheus, secretRef: { name: '../../kube-system/secrets/a' } } } },
    'secretRef.name',
  ],
  ['without an expression', { successWhen: '' }, 'successWhen'],
  ['with an interval that is none', { interval: '5 minutes' }, 'interval'],
  ['that is never measured', { count: 0 }, 'count'],
  ['with a limit below 0', { failureLimit: -1 }, 'failureLimit'],
  ['that does something else without data', { onNoData: 'hope' }, 'onNoData'],
  ['of another time', { when: ['lunch'] }, 'when'],
  ['of no time', { when: [] }, 'when'],
  ['of another metric', { provider: { gateway: { metric: 'luck' } } }, 'metric'],
  ['of a quantile above 1', { provider: { gateway: { metric: 'duration', quantile: 99 } } }, 'quantile'],
  ['with a field that is none', { failWhen: 'value > 1.0' }, 'failWhen'],
])('a check %s is refused', async (_, more, field) => {
  await expect(create({ ...check, ...more })).rejects.toThrow(field);
});

test('more than sixteen are refused', async () => {
  const many = Array.from({ length: 17 }, (_, index) => ({ ...check, name: `check-${index}` }));
  await expect(create(...many)).rejects.toThrow('spec.checks');
});
