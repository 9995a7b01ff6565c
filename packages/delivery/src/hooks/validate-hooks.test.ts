import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { createMemoryCluster, type MemoryCluster } from '../../../cluster/testing/memory-cluster.ts';
import { applications, type Application } from '../api/application.ts';
import type { Hook, Hooks } from '../api/hook.ts';
import { installKinds } from '../install-kinds.ts';
import { validateHooks } from './validate-hooks.ts';

function job(name: string, more: Partial<Hook> = {}): Hook {
  return { name, job: { template: { spec: { containers: [{ name: 'main', image: 'a' }] } } }, ...more };
}

function faults(hooks: Hooks): readonly string[] {
  return validateHooks({ hooks }).map(({ field, message }) => `${field}: ${message}`);
}

describe('what is wrong with hooks, where only the controller can know', () => {
  test.each<[string, Hooks, string]>([
    [
      'a name that another list has',
      { beforeRelease: [job('tell')], onRollback: [job('tell')] },
      'spec.hooks.onRollback[0].name: "tell" is the name of spec.hooks.beforeRelease[0] too: every hook needs one of its own',
    ],
    [
      'the name of the health gate',
      { beforeRelease: [job('health')] },
      'spec.hooks.beforeRelease[0].name: "health" is the name of the health gate: a hook needs another one',
    ],
    [
      'nothing that is done',
      { beforeRelease: [{ name: 'tell' }] },
      'spec.hooks.beforeRelease[0]: must have exactly one of job, webhook and approval, has none',
    ],
    [
      'a pod without containers',
      { beforeRelease: [{ name: 'migrate', job: { template: {} } }] },
      'spec.hooks.beforeRelease[0].job.template.spec.containers: at least one container is required',
    ],
    [
      'a pod that never ends',
      {
        beforeRelease: [
          {
            name: 'migrate',
            job: { template: { spec: { restartPolicy: 'Always', containers: [{ name: 'main', image: 'a' }] } } },
          },
        ],
      },
      'spec.hooks.beforeRelease[0].job.template.spec.restartPolicy: "Always" must be Never or OnFailure: a hook ends',
    ],
    [
      'a pod that would be taken for one of the Application',
      {
        beforeRelease: [
          {
            name: 'migrate',
            job: {
              template: {
                metadata: { labels: { 'slipway.dev/serves': 'true' } },
                spec: { containers: [{ name: 'main', image: 'a' }] },
              },
            },
          },
        ],
      },
      'spec.hooks.beforeRelease[0].job.template.metadata.labels: slipway.dev/serves is a label by which Slipway finds pods: remove it',
    ],
    [
      'credentials in an address',
      { beforeRelease: [{ name: 'tell', webhook: { url: 'https://ann:secret@example.org/' } }] },
      'spec.hooks.beforeRelease[0].webhook.url: must not hold credentials: put them in a Secret, and name it in secretRef',
    ],
    [
      'an approval after promotion',
      { afterPromotion: [{ name: 'sign-off', approval: {} }] },
      'spec.hooks.afterPromotion[0].approval: an approval is asked before promotion: put it into beforeRelease or beforePromotion',
    ],
    [
      'an approval that is repeated',
      { beforeRelease: [{ name: 'sign-off', approval: {}, retries: 1 }] },
      'spec.hooks.beforeRelease[0].retries: an approval is given once: remove the field',
    ],
    [
      'a way back that fails',
      { onRollback: [job('undo', { onFailure: 'fail' })] },
      'spec.hooks.onRollback[0].onFailure: a release that goes back cannot fail any more: remove the field, or set it to ignore',
    ],
  ])('%s', (_, hooks, said) => {
    expect(faults(hooks)).toEqual([said]);
  });
});

describe('what is wrong with hooks is refused by the API server', () => {
  let cluster: MemoryCluster;

  beforeAll(async () => {
    cluster = await createMemoryCluster();
    await installKinds(cluster.client, new AbortController().signal);
  });
  afterAll(() => cluster.close());

  function create(hooks: object): Promise<Application> {
    const template = { spec: { containers: [{ name: 'web', image: 'a' }] } };
    return cluster.client.create(applications, {
      apiVersion: 'slipway.dev/v1alpha1',
      kind: 'Application',
      metadata: { generateName: 'shop-', namespace: 'default' },
      spec: { template, hooks },
    });
  }

  test.each<[string, object, string]>([
    ['no name', { beforeRelease: [{ approval: {} }] }, 'spec.hooks.beforeRelease[0].name: Required value'],
    ['a name in capitals', { beforeRelease: [job('Tell')] }, 'spec.hooks.beforeRelease[0].name'],
    ['one name twice', { beforeRelease: [job('tell'), job('tell')] }, 'spec.hooks.beforeRelease[1]: Duplicate value'],
    [
      'two kinds',
      { beforeRelease: [job('tell', { approval: {} })] },
      'a hook is exactly one of job, webhook and approval',
    ],
    ['no kind', { beforeRelease: [{ name: 'tell' }] }, 'a hook is exactly one of job, webhook and approval'],
    [
      'no pod',
      { beforeRelease: [{ name: 'tell', job: {} }] },
      'spec.hooks.beforeRelease[0].job.template: Required value',
    ],
    ['a webhook by ftp', { beforeRelease: [{ name: 'tell', webhook: { url: 'ftp://a' } }] }, 'webhook.url'],
    ['no time', { beforeRelease: [job('tell', { timeoutSeconds: 0 })] }, 'spec.hooks.beforeRelease[0].timeoutSeconds'],
    ['too many retries', { beforeRelease: [job('tell', { retries: 21 })] }, 'spec.hooks.beforeRelease[0].retries'],
    [
      'a policy that there is not',
      { beforeRelease: [{ ...job('tell'), onFailure: 'retry' }] },
      'spec.hooks.beforeRelease[0].onFailure: Unsupported value: "retry"',
    ],
    [
      'an approval after promotion',
      { afterPromotion: [{ name: 'sign-off', approval: {} }] },
      'an approval is asked before promotion: put it into beforeRelease or beforePromotion',
    ],
    [
      'an approval on the way back',
      { onRollback: [{ name: 'sign-off', approval: {} }] },
      'the way back waits for nobody',
    ],
    [
      'a way back that fails',
      { onRollback: [job('undo', { onFailure: 'fail' })] },
      'a release that goes back cannot fail any more',
    ],
    [
      'more hooks than can be',
      { beforeRelease: Array.from({ length: 9 }, (_, index) => job(`tell-${index}`)) },
      'spec.hooks.beforeRelease: Too many',
    ],
  ])('%s', async (_, hooks, said) => {
    await expect(create(hooks)).rejects.toThrow(said);
  });

  test('and what is right is taken', async () => {
    const { spec } = await create({
      beforeRelease: [job('prepare', { retries: 2, everyAttempt: true })],
      beforePromotion: [{ name: 'sign-off', approval: {} }],
      onRollback: [{ name: 'tell', webhook: { url: 'https://a.example.org/', secretRef: { name: 'key' } } }],
    });
    expect(spec.hooks?.beforePromotion).toEqual([{ name: 'sign-off', approval: {} }]);
  });
});
