import type { AutoscalingV1HorizontalPodAutoscaler, EventsV1Event } from '@slipway/kube/api.generated';
import type { ResourceType } from '@slipway/kube/object';
import { events, horizontalPodAutoscalers } from '@slipway/kube/resources';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createMemoryCluster, type MemoryCluster } from '../../testing/memory-cluster.ts';

const { group, kind, plural, namespaced } = horizontalPodAutoscalers;
const version1: ResourceType<AutoscalingV1HorizontalPodAutoscaler> = { group, version: 'v1', kind, plural, namespaced };
const key = { namespace: 'default', name: 'web' };
const scaleTargetRef = { apiVersion: 'apps/v1', kind: 'Deployment', name: 'web' };

let cluster: MemoryCluster;

beforeAll(async () => {
  cluster = await createMemoryCluster();
});

afterAll(() => cluster.close());

describe('a HorizontalPodAutoscaler in version 1', () => {
  it('is one of version 2 that goes by CPU', async () => {
    const spec = { scaleTargetRef, maxReplicas: 5, targetCPUUtilizationPercentage: 60 };
    const created = await cluster.client.create(version1, { metadata: key, spec });
    expect(created).toMatchObject({ apiVersion: 'autoscaling/v1', spec: { ...spec, minReplicas: 1 } });
    const { spec: stored } = await cluster.client.get(horizontalPodAutoscalers, key);
    expect(stored?.metrics).toEqual([
      { type: 'Resource', resource: { name: 'cpu', target: { type: 'Utilization', averageUtilization: 60 } } },
    ]);
  });

  it('keeps what it cannot say when it is changed', async () => {
    const rps = {
      type: 'Pods',
      pods: { metric: { name: 'rps' }, target: { type: 'AverageValue', averageValue: '5' } },
    };
    const metrics = [
      rps,
      { type: 'Resource', resource: { name: 'cpu', target: { type: 'Utilization', averageUtilization: 70 } } },
    ];
    await cluster.client.patch(horizontalPodAutoscalers, key, { type: 'merge', body: { spec: { metrics } } });
    const body = { spec: { maxReplicas: 7 } };
    const changed = await cluster.client.patch(version1, key, { type: 'strategic', body });
    expect(changed.spec).toMatchObject({ maxReplicas: 7, targetCPUUtilizationPercentage: 70 });
    const { spec } = await cluster.client.get(horizontalPodAutoscalers, key);
    expect(spec).toMatchObject({ maxReplicas: 7, metrics: [metrics[1], rps] });
  });

  it('is listed and applied in its version', async () => {
    const { items } = await cluster.client.list(version1, { namespace: 'default' });
    expect(items).toMatchObject([{ apiVersion: 'autoscaling/v1', spec: { targetCPUUtilizationPercentage: 70 } }]);
    const body = { ...key, metadata: { ...key, name: 'applied' }, spec: { scaleTargetRef, maxReplicas: 2 } };
    const { metadata, spec } = body;
    const applied = await cluster.client.patch(
      version1,
      metadata,
      { type: 'apply', body: { apiVersion: 'autoscaling/v1', kind, metadata, spec } },
      { fieldManager: 'test' },
    );
    expect(applied.spec).toMatchObject({ maxReplicas: 2, targetCPUUtilizationPercentage: 80 });
  });

  it('is refused in the words of its version', async () => {
    const spec = { scaleTargetRef, maxReplicas: 0 };
    const refused = cluster.client.create(version1, { metadata: { ...key, name: 'none' }, spec });
    await expect(refused).rejects.toThrow('spec.maxReplicas: Invalid value: 0: must be greater than 0');
    await expect(
      cluster.client.patch(version1, { ...key, name: 'absent' }, { type: 'merge', body: {} }),
    ).rejects.toThrow('horizontalpodautoscalers.autoscaling "absent" not found');
    const misfit = { type: 'merge', body: { spec: { maxReplicas: 'three' } } } as const;
    await expect(cluster.client.patch(version1, key, misfit)).rejects.toMatchObject({
      code: 422,
      message: expect.stringMatching(/HorizontalPodAutoscalerSpec.spec.maxReplicas of type int32$/),
      details: { causes: [{ field: 'patch' }] },
    });
  });
});

const newEvents: ResourceType<EventsV1Event> = {
  group: 'events.k8s.io',
  version: 'v1',
  kind: 'Event',
  plural: 'events',
  namespaced: true,
};

function newEvent(name: string, more: Partial<EventsV1Event> = {}): EventsV1Event {
  return {
    metadata: { namespace: 'default', name },
    eventTime: '2026-01-01T00:00:00.000001Z',
    reportingController: 'example.org/robot',
    reportingInstance: 'robot-0',
    action: 'Moving',
    reason: 'Moved',
    regarding: { kind: 'Pod', namespace: 'default', name: 'web' },
    note: 'moved the pod',
    type: 'Normal',
    ...more,
  };
}

describe('an event of events.k8s.io', () => {
  it('is one of core, with other names for its fields, both ways', async () => {
    await cluster.client.create(newEvents, newEvent('new'));
    expect(await cluster.client.get(events, { namespace: 'default', name: 'new' })).toMatchObject({
      apiVersion: 'v1',
      involvedObject: { kind: 'Pod', name: 'web' },
      message: 'moved the pod',
      reportingComponent: 'example.org/robot',
      action: 'Moving',
    });
    await cluster.client.create(events, {
      metadata: { namespace: 'default', name: 'old' },
      involvedObject: { kind: 'Job', namespace: 'default', name: 'tidy' },
      message: 'made a pod',
      source: { component: 'job-controller' },
      firstTimestamp: '2026-01-01T00:00:00Z',
      lastTimestamp: '2026-01-01T00:00:01Z',
      count: 2,
    });
    const old = await cluster.client.get(newEvents, { namespace: 'default', name: 'old' });
    expect(old).toMatchObject({
      apiVersion: 'events.k8s.io/v1',
      regarding: { kind: 'Job', name: 'tidy' },
      note: 'made a pod',
      deprecatedSource: { component: 'job-controller' },
      deprecatedFirstTimestamp: '2026-01-01T00:00:00Z',
      deprecatedLastTimestamp: '2026-01-01T00:00:01Z',
      deprecatedCount: 2,
    });
    expect(old).not.toHaveProperty('message');
  });

  it('is found by the fields of its version', async () => {
    const named = async (fieldSelector: string): Promise<unknown> =>
      (await cluster.client.list(newEvents, { namespace: 'default', fieldSelector })).items.map(
        ({ metadata }) => metadata.name,
      );
    expect(await named('regarding.kind=Job,regarding.name=tidy')).toEqual(['old']);
    expect(await named('reportingController=example.org/robot')).toEqual(['new']);
    expect(await named(String.raw`reason!=a\,regarding.name\=b\\,regarding.name=tidy`)).toEqual(['old']);
    expect(await named(String.raw`reason=a\,regarding.name\=tidy`)).toEqual([]);
    await expect(named('note=x')).rejects.toThrow('field label not supported: note');
  });

  it('is counted on by a patch, as recorders do', async () => {
    const series = { count: 3, lastObservedTime: '2026-01-01T00:00:05.000000Z' };
    const key = { namespace: 'default', name: 'new' };
    await cluster.client.patch(newEvents, key, { type: 'strategic', body: { series } });
    expect(await cluster.client.get(events, key)).toMatchObject({ series, message: 'moved the pod' });
  });

  it.each<{ field: string; change: Partial<EventsV1Event> }>([
    { field: 'involvedObject', change: { regarding: { kind: 'Pod', namespace: 'default', name: 'other' } } },
    { field: 'reason', change: { reason: 'Lost' } },
    { field: 'message', change: { note: 'lost the pod' } },
    { field: 'type', change: { type: 'Warning' } },
    { field: 'eventTime', change: { eventTime: '2026-01-01T00:00:00.000002Z' } },
    { field: 'reportingController', change: { reportingController: 'example.org/other' } },
  ])('is not changed in its $field, whichever way', async ({ field, change }) => {
    const key = { namespace: 'default', name: `fixed-${field.toLowerCase()}` };
    const made = await cluster.client.create(newEvents, newEvent(key.name));
    const applied = { apiVersion: 'events.k8s.io/v1', kind: 'Event', metadata: key, ...change };
    const told = new RegExp(`${field}: Invalid value: .*: field is immutable`);
    const { client } = cluster;
    await expect(client.update(newEvents, { ...made, ...change })).rejects.toThrow(told);
    await expect(client.patch(newEvents, key, { type: 'merge', body: change })).rejects.toThrow(told);
    const options = { fieldManager: 'test', force: true };
    await expect(client.patch(newEvents, key, { type: 'apply', body: applied }, options)).rejects.toThrow(told);
  });

  it('is changed in its labels and its series, which has to be one', async () => {
    const made = await cluster.client.create(newEvents, newEvent('counted'));
    const metadata = { ...made.metadata, labels: { seen: 'true' } };
    const series = { count: 2, lastObservedTime: '2026-01-01T00:00:05.000000Z' };
    expect(await cluster.client.update(newEvents, { ...made, metadata, series })).toMatchObject({ series });
    const once = { type: 'merge', body: { series: { count: 1 } } } as const;
    await expect(cluster.client.patch(newEvents, { namespace: 'default', name: 'counted' }, once)).rejects.toThrow(
      'series.count: Invalid value: "": should be at least 2',
    );
  });

  it('is changed in core as ever', async () => {
    const key = { namespace: 'default', name: 'in-core' };
    await cluster.client.create(newEvents, newEvent(key.name));
    const body = { reason: 'Lost' };
    expect(await cluster.client.patch(events, key, { type: 'merge', body })).toMatchObject(body);
  });

  it.each<{ name: string; event: Partial<EventsV1Event>; fault: string }>([
    { name: 'a time', event: { eventTime: '' }, fault: 'eventTime: Required value' },
    { name: 'an action', event: { action: '' }, fault: 'action: Required value' },
    { name: 'who says so', event: { reportingController: '' }, fault: 'reportingController: Required value' },
    { name: 'one of two types', event: { type: 'Bad' }, fault: 'type: Invalid value: "": has invalid value: Bad' },
    {
      name: 'nothing of the older version',
      event: { deprecatedCount: 1 },
      fault: 'count: Invalid value: "": needs to be unset',
    },
    {
      name: 'a short note',
      event: { note: 'x'.repeat(1_025) },
      fault: 'message: Invalid value: "": can have at most 1024 characters',
    },
  ])('has $name', async ({ event, fault }) => {
    await expect(cluster.client.create(newEvents, newEvent('bad', event))).rejects.toThrow(fault);
  });
});

it('refuses an event that stands in another namespace than what it is about', async () => {
  const involvedObject = { kind: 'Pod', namespace: 'other', name: 'web' };
  await expect(
    cluster.client.create(events, { metadata: { namespace: 'default', name: 'astray' }, involvedObject }),
  ).rejects.toThrow('involvedObject.namespace: Invalid value: "other": does not match event.namespace');
});
