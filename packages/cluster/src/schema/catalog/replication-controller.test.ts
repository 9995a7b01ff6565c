import type { PodTemplate, ReplicationController } from '@slipway/kube/api.generated';
import { describe, expect, it } from 'vitest';
import { columnsOf, faultsOf, rowOf } from '../../../testing/catalog-checks.ts';
import { podTemplate, replicationController } from './replication-controller.ts';

const labels = { app: 'old' };
const template = { metadata: { labels }, spec: { containers: [{ name: 'old', image: 'old:1' }] } };

describe('a ReplicationController', () => {
  it('selects by the labels of its template, and wears them', () => {
    const filled = replicationController.applyDefaults({ metadata: {}, ...{ spec: { template } } });
    expect(filled).toMatchObject({ metadata: { labels }, spec: { replicas: 1, selector: labels } });
    expect(faultsOf(replicationController, { metadata: {}, ...{ spec: { template } } })).toEqual([]);
  });

  it.each<{ readonly spec: ReplicationController['spec']; readonly fault: string }>([
    { spec: {}, fault: 'spec.selector: Required value' },
    { spec: {}, fault: 'spec.template: Required value' },
    {
      spec: { template, selector: { app: 'new' } },
      fault:
        'spec.template.metadata.labels: Invalid value: map[string]string{"app":"old"}: `selector` does not match template `labels`',
    },
  ])('is refused with $fault', ({ spec, fault }) => {
    expect(faultsOf(replicationController, { metadata: {}, ...{ spec } })).toContain(fault);
  });

  it('shows its size', () => {
    expect(columnsOf(replicationController).join(' ')).toBe(
      'Name Desired Current Ready Age (Containers) (Images) (Selector)',
    );
    const object = { metadata: {}, spec: { template, replicas: 2, selector: labels }, status: { replicas: 1 } };
    expect(rowOf(replicationController, object)).toMatchObject({
      Desired: 2,
      Current: 1,
      Ready: 0,
      Selector: 'app=old',
    });
  });
});

describe('a PodTemplate', () => {
  it('is a template as any other', () => {
    const object: PodTemplate = { metadata: {}, template };
    expect(podTemplate.applyDefaults(object)).toMatchObject({ template: { spec: { restartPolicy: 'Always' } } });
    expect(faultsOf(podTemplate, object)).toEqual([]);
    expect(faultsOf(podTemplate, { metadata: {} })).toEqual(['template.spec.containers: Required value']);
    expect(rowOf(podTemplate, object)).toEqual({ Containers: 'old', Images: 'old:1', 'Pod Labels': 'app=old' });
  });
});
