import type { Job, JobSpec } from '@slipway/kube/api.generated';
import { jobs } from '@slipway/kube/resources';
import { StatusError } from '@slipway/kube/status-error';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createMemoryCluster, type MemoryCluster } from '../../../testing/memory-cluster.ts';

const template = { spec: { restartPolicy: 'Never', containers: [{ name: 'main', image: 'node:24' }] } } as const;

function job(name: string, spec: Partial<JobSpec>): Job {
  return { metadata: { name, namespace: 'default' }, spec: { template, ...spec } };
}

async function messageOf(attempt: Promise<unknown>): Promise<string> {
  try {
    await attempt;
    return 'accepted';
  } catch (error) {
    if (error instanceof StatusError) return error.message;
    throw error;
  }
}

describe('a Job is checked as Kubernetes checks it', () => {
  let cluster: MemoryCluster;

  beforeAll(async () => {
    cluster = await createMemoryCluster();
  });

  afterAll(() => cluster.close());

  const invalid = (name: string, spec: Partial<JobSpec>, fault: string) => ({ name, spec, fault });

  it.each([
    invalid(
      'pods that never end',
      { template: { spec: { containers: template.spec.containers } } },
      'spec.template.spec.restartPolicy: Required value: valid values: "OnFailure", "Never"',
    ),
    invalid(
      'less than no pods',
      { parallelism: -1 },
      'spec.parallelism: Invalid value: -1: must be greater than or equal to 0',
    ),
    invalid(
      'indexes without an end',
      { completionMode: 'Indexed', parallelism: 2 },
      'spec.completions: Required value: when completion mode is Indexed',
    ),
    invalid(
      'a limit per index without indexes',
      { backoffLimitPerIndex: 1 },
      'spec.backoffLimitPerIndex: Invalid value: 1: requires indexed completion mode',
    ),
    invalid(
      'the labels of another',
      { selector: { matchLabels: { app: 'web' } } },
      'spec.template.metadata.labels: Invalid value',
    ),
    invalid(
      'a rule about exit code 0',
      { podFailurePolicy: { rules: [{ action: 'FailJob', onExitCodes: { operator: 'In', values: [0] } }] } },
      'spec.podFailurePolicy.rules[0].onExitCodes.values[0]: Invalid value: 0: must not be 0 for the In operator',
    ),
    invalid(
      'a success policy without rules',
      { completionMode: 'Indexed', completions: 2, successPolicy: { rules: [] } },
      'spec.successPolicy.rules: Required value: at least one rules must be specified when the successPolicy is specified',
    ),
  ])('$name', async ({ spec, fault }) => {
    expect(await messageOf(cluster.client.create(jobs, job('refused', spec)))).toContain(fault);
  });

  it('keeps what may not change', async () => {
    await cluster.client.create(jobs, job('kept', { completions: 2 }));
    const change = (spec: object): Promise<string> =>
      messageOf(cluster.client.patch(jobs, { namespace: 'default', name: 'kept' }, { type: 'merge', body: { spec } }));
    expect(await change({ completions: 3 })).toContain('spec.completions: Invalid value: 3: field is immutable');
    expect(await change({ template: { spec: { dnsPolicy: 'Default' } } })).toContain('field is immutable');
    expect(await change({ parallelism: 2, backoffLimit: 1, suspend: true })).toBe('accepted');
  });

  it('takes a selector of one’s own only when that is said', async () => {
    const labels = { app: 'mine' };
    const spec = { selector: { matchLabels: labels }, template: { ...template, metadata: { labels } } };
    expect(await messageOf(cluster.client.create(jobs, job('mine', { ...spec, manualSelector: true })))).toBe(
      'accepted',
    );
    const { spec: kept } = await cluster.client.get(jobs, { namespace: 'default', name: 'mine' });
    expect(kept?.template.metadata?.labels).toEqual(labels);
  });
});
