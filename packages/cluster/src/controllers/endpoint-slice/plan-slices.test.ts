import type { Endpoint, EndpointSlice, Service } from '@slipway/kube/api.generated';
import { controllerReference } from '@slipway/kube/owner-references';
import { services } from '@slipway/kube/resources';
import { describe, expect, it } from 'vitest';
import { planSlices, type SliceAction } from './plan-slices.ts';

const service: Service = {
  metadata: { name: 'web', namespace: 'default', uid: 'service', labels: { team: 'shop' } },
  spec: { selector: { app: 'web' }, ports: [{ port: 80 }] },
};
const ports = [{ name: '', port: 8080, protocol: 'TCP' as const }];

function endpointsFrom(first: number, count: number): readonly Endpoint[] {
  return Array.from({ length: count }, (_, index) => ({
    addresses: [`10.0.${Math.floor((first + index) / 250)}.${(first + index) % 250}`],
    conditions: { ready: true, serving: true, terminating: false },
    targetRef: { kind: 'Pod', namespace: 'default', name: `pod-${first + index}`, uid: `uid-${first + index}` },
  }));
}

function groupOf(endpoints: readonly Endpoint[]) {
  return [{ ports, endpoints }];
}

let made = 0;

/** What the API would hold afterwards. */
function after(existing: readonly EndpointSlice[], actions: readonly SliceAction[]): readonly EndpointSlice[] {
  const changed = new Map(existing.map((slice) => [slice.metadata.name, slice]));
  for (const { kind, slice } of actions) {
    if (kind === 'deleteSlice') changed.delete(slice.metadata.name);
    else {
      made += 1;
      const name = slice.metadata.name ?? `web-${made}`;
      changed.set(name, { ...slice, metadata: { ...slice.metadata, name } });
    }
  }
  return [...changed.values()];
}

function slicesFor(endpoints: readonly Endpoint[]): readonly EndpointSlice[] {
  return after([], planSlices(service, groupOf(endpoints), []));
}

function kindsOf(actions: readonly SliceAction[]): readonly string[] {
  return actions.map(({ kind }) => kind);
}

describe('planSlices', () => {
  it('holds at most a hundred endpoints a slice', () => {
    expect(slicesFor(endpointsFrom(0, 250)).map((slice) => slice.endpoints.length)).toEqual([100, 100, 50]);
  });

  it('plans nothing when everything is as it should be', () => {
    const endpoints = endpointsFrom(0, 120);
    expect(planSlices(service, groupOf(endpoints), slicesFor(endpoints))).toEqual([]);
  });

  it('gives a Service without pods one empty slice, once', () => {
    const actions = planSlices(service, [], []);
    expect(kindsOf(actions)).toEqual(['createSlice']);
    expect(planSlices(service, [], after([], actions))).toEqual([]);
  });

  it('changes only the slice of the pod that has changed', () => {
    const endpoints = endpointsFrom(0, 150);
    const existing = slicesFor(endpoints);
    const changed = endpoints.map((each, index) => (index === 7 ? { ...each, conditions: { ready: false } } : each));
    const actions = planSlices(service, groupOf(changed), existing);
    expect(kindsOf(actions)).toEqual(['updateSlice']);
    expect(actions[0]?.slice.metadata.name).toBe(existing[0]?.metadata.name);
  });

  it('puts a new endpoint into a slice with room instead of a new one', () => {
    const actions = planSlices(service, groupOf(endpointsFrom(0, 11)), slicesFor(endpointsFrom(0, 10)));
    expect(kindsOf(actions)).toEqual(['updateSlice']);
    expect(actions[0]?.slice.endpoints).toHaveLength(11);
  });

  it('takes a pod that was replaced by one of the same name and address for another endpoint', () => {
    const replaced = endpointsFrom(0, 1).map((each) => ({ ...each, targetRef: { ...each.targetRef, uid: 'new' } }));
    const actions = planSlices(service, groupOf(replaced), slicesFor(endpointsFrom(0, 1)));
    expect(
      after(slicesFor([]), actions).flatMap(({ endpoints }) => endpoints.map(({ targetRef }) => targetRef?.uid)),
    ).toContain('new');
  });

  it('deletes a slice that lost its last endpoint while another remains', () => {
    const [first, second] = [endpointsFrom(0, 100), endpointsFrom(100, 20)];
    const existing = slicesFor([...first, ...second]);
    expect(kindsOf(planSlices(service, groupOf(first), existing))).toEqual(['deleteSlice']);
  });

  it('replaces a slice of an earlier Service of the same name', () => {
    const foreign: EndpointSlice = {
      metadata: {
        name: 'old',
        namespace: 'default',
        ownerReferences: [controllerReference({ metadata: { name: 'web', uid: 'earlier' } }, services)],
      },
      addressType: 'IPv4',
      ports,
      endpoints: endpointsFrom(0, 1),
    };
    expect(kindsOf(planSlices(service, groupOf(endpointsFrom(0, 1)), [foreign]))).toEqual([
      'createSlice',
      'deleteSlice',
    ]);
  });

  it('creates before it deletes when the ports of all pods change', () => {
    const endpoints = endpointsFrom(0, 3);
    const moved = [{ ports: [{ name: '', port: 9090, protocol: 'TCP' as const }], endpoints }];
    expect(kindsOf(planSlices(service, moved, slicesFor(endpoints)))).toEqual(['createSlice', 'deleteSlice']);
  });

  it('gives the slice the labels of the Service and its own', () => {
    expect(slicesFor(endpointsFrom(0, 1))[0]?.metadata.labels).toEqual({
      team: 'shop',
      'kubernetes.io/service-name': 'web',
      'endpointslice.kubernetes.io/managed-by': 'endpointslice-controller.k8s.io',
    });
  });

  it('reaches the wanted endpoints from any history, without doubles', () => {
    let slices: readonly EndpointSlice[] = [];
    for (const [first, count] of [
      [0, 5],
      [3, 130],
      [90, 260],
      [300, 40],
      [310, 101],
    ] as const) {
      const endpoints = endpointsFrom(first, count);
      slices = after(slices, planSlices(service, groupOf(endpoints), slices));
      const held = slices.flatMap((slice) => slice.endpoints.map(({ targetRef }) => targetRef?.uid ?? ''));
      expect(held.toSorted()).toEqual(endpoints.map(({ targetRef }) => targetRef?.uid ?? '').toSorted());
    }
  });
});
