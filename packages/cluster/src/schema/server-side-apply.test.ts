import fc from 'fast-check';
import type { KubeObject } from '@slipway/kube/object';
import { describe, expect, it } from 'vitest';
import { arbitraryDeploymentWithPorts } from '../../testing/arbitrary-deployment.ts';
import {
  compareFields,
  difference,
  fieldsOf,
  intersection,
  isEmpty,
  paths,
  union,
  type FieldSet,
} from './field-set.ts';
import { ownable, ownedSets, type Manager } from './managed-fields.ts';
import { schemaNode } from './schema-data.ts';
import { applyServerSide, trackUpdate, type ApplyResult } from './server-side-apply.ts';
import type { JsonObject } from './shape.ts';

const node = schemaNode('io.k8s.api.apps.v1.Deployment');
const now = Date.parse('2026-01-01T00:00:00Z');

function manager(name: string, operation: Manager['operation'], subresource = ''): Manager {
  return { name, operation, subresource, apiVersion: 'apps/v1' };
}

function objectOf(fields: JsonObject): KubeObject {
  return { apiVersion: 'apps/v1', kind: 'Deployment', metadata: {}, ...fields };
}

interface Apply {
  readonly by: string;
  readonly fields: JsonObject;
  readonly force?: boolean;
}

function apply(live: KubeObject | undefined, { by, fields, force = false }: Apply): ApplyResult {
  const context = { manager: manager(by, 'Apply'), node, part: 'withoutStatus', now } as const;
  return applyServerSide({ ...context, live, applied: objectOf(fields), force });
}

function forced(live: KubeObject | undefined, by: string, fields: JsonObject): KubeObject {
  return apply(live, { by, fields, force: true }).object;
}

function updated(live: KubeObject | undefined, by: string, fields: JsonObject): KubeObject {
  const managed = live?.metadata.managedFields === undefined ? {} : { managedFields: live.metadata.managedFields };
  const object = objectOf(fields);
  const kept = { ...object, metadata: { ...object.metadata, ...managed } };
  return trackUpdate(live, kept, { manager: manager(by, 'Update'), node, part: 'withoutStatus', now });
}

function ownedBy(object: KubeObject, name: string): FieldSet {
  return ownedSets(object).find((each) => each.manager.name === name)?.fields ?? {};
}

function withoutManagers({ metadata: { managedFields: _, ...metadata }, ...object }: KubeObject): unknown {
  return { ...object, metadata };
}

function fieldsIn(object: KubeObject): FieldSet {
  return ownable(fieldsOf(withoutManagers(object), node), 'withoutStatus');
}

const fields = arbitraryDeploymentWithPorts;

describe('an object that was applied empty', () => {
  const strategy = (fields: JsonObject): JsonObject => ({ spec: { strategy: { rollingUpdate: fields } } });

  it('is filled by the next apply, and not dropped as if it were gone', () => {
    const live = forced(undefined, 'ann', strategy({}));
    expect(withoutManagers(forced(live, 'ann', strategy({ maxSurge: 1 })))).toMatchObject(strategy({ maxSurge: 1 }));
  });

  it('stays for what another has put into it', () => {
    const live = forced(forced(undefined, 'ann', strategy({})), 'bob', strategy({ maxSurge: 1 }));
    expect(withoutManagers(forced(live, 'ann', { spec: { replicas: 1 } }))).toMatchObject(strategy({ maxSurge: 1 }));
  });
});

describe('lists that several apply to', () => {
  const finalizers = (object: KubeObject): unknown => object.metadata.finalizers;
  const withFinalizers = (...names: readonly string[]): JsonObject => ({ metadata: { finalizers: names } });

  it.each([
    { live: ['a'], applied: ['b'], joined: ['a', 'b'] },
    { live: ['a', 'b'], applied: ['b', 'a'], joined: ['b', 'a'] },
    { live: ['a', 'x', 'b'], applied: ['b', 'c', 'a'], joined: ['x', 'b', 'c', 'a'] },
    { live: ['a', 'x', 'b', 'y'], applied: ['n', 'a', 'b'], joined: ['n', 'a', 'x', 'b', 'y'] },
  ])('keep the order that was applied and the place of the rest: $live, then $applied', ({ live, applied, joined }) => {
    const before = forced(undefined, 'other', withFinalizers(...live));
    expect(finalizers(forced(before, 'me', withFinalizers(...applied)))).toEqual(joined);
  });

  it('have no owner while they are empty', () => {
    const volumes = { spec: { template: { spec: { volumes: [] } } } };
    expect(ownedBy(forced(undefined, 'me', volumes), 'me')).toEqual({});
  });

  it('lose an item with whoever applied it, whatever somebody else changed in it', () => {
    const withContainers = (...containers: readonly JsonObject[]): JsonObject => ({
      spec: { template: { spec: { containers } } },
    });
    const [web, helper] = [
      { name: 'web', image: 'web:1' },
      { name: 'helper', image: 'helper:1' },
    ] as const;
    const applied = forced(undefined, 'me', withContainers(web, helper));
    const edited = updated(applied, 'kubectl-set', withContainers(web, { ...helper, image: 'helper:2' }));
    const object = forced(edited, 'me', withContainers(web));
    expect(withoutManagers(object)).toMatchObject(withContainers(web));
    expect(ownedBy(object, 'kubectl-set')).toEqual({});
  });
});

it('takes away what the server put into a field that is not applied any more', () => {
  const container = (fields: JsonObject): JsonObject => ({
    spec: { template: { spec: { containers: [{ name: 'web', ...fields }] } } },
  });
  const probe = { livenessProbe: { httpGet: { port: 80 } } };
  const withDefaults = { livenessProbe: { periodSeconds: 10, httpGet: { port: 80, path: '/', scheme: 'HTTP' } } };
  const { metadata } = forced(undefined, 'me', container(probe));
  const live = { ...objectOf(container(withDefaults)), metadata };
  expect(withoutManagers(forced(live, 'me', container({})))).toEqual(objectOf(container({})));
});

it('takes a selector for one value, which belongs to whoever set it', () => {
  const selector = (app: string): JsonObject => ({ spec: { selector: { matchLabels: { app } } } });
  expect(ownedBy(forced(undefined, 'me', selector('web')), 'me')).toEqual({ 'f:spec': { 'f:selector': {} } });
  const { conflicts } = apply(forced(undefined, 'other', selector('web')), { by: 'me', fields: selector('shop') });
  expect(conflicts.map(({ field }) => field)).toEqual(['.spec.selector']);
});

describe('applying', () => {
  it('changes nothing the second time', () => {
    fc.assert(
      fc.property(fields, fields, (before, wanted) => {
        const once = forced(forced(undefined, 'other', before), 'me', wanted);
        const twice = apply(once, { by: 'me', fields: wanted });
        expect(twice.conflicts).toEqual([]);
        expect(twice.object).toEqual(once);
      }),
    );
  });

  it('owns what was applied, and nothing else', () => {
    fc.assert(
      fc.property(fields, fields, (before, wanted) => {
        const object = forced(forced(forced(undefined, 'other', before), 'me', before), 'me', wanted);
        expect(ownedBy(object, 'me')).toEqual(fieldsIn(objectOf(wanted)));
      }),
    );
  });

  it('makes of an object that nobody else touched what was applied last', () => {
    fc.assert(
      fc.property(fields, fields, (first, second) => {
        const object = forced(forced(undefined, 'me', first), 'me', second);
        expect(withoutManagers(object)).toEqual(objectOf(second));
      }),
    );
  });

  it('gives every field its value', () => {
    fc.assert(
      fc.property(fields, fields, (before, wanted) => {
        const object = forced(updated(undefined, 'editor', before), 'me', wanted);
        const wrong = compareFields(objectOf(wanted), object, node).changed;
        expect(paths(intersection(wrong, fieldsIn(objectOf(wanted))))).toEqual([]);
      }),
    );
  });

  it('leaves no field without an owner', () => {
    fc.assert(
      fc.property(fields, fields, fields, (first, second, third) => {
        const object = forced(forced(forced(undefined, 'a', first), 'b', second), 'a', third);
        const owned = ownedSets(object).reduce<FieldSet>((all, each) => union(all, each.fields), {});
        expect(paths(difference(fieldsIn(object), owned))).toEqual([]);
        expect(paths(difference(owned, fieldsIn(object)))).toEqual([]);
      }),
    );
  });

  it('leaves to others what they still own', () => {
    fc.assert(
      fc.property(fields, fields, fields, (theirs, first, second) => {
        const before = forced(forced(undefined, 'me', first), 'other', theirs);
        const after = forced(before, 'me', second);
        const { changed, removed } = compareFields(before, after, node);
        expect(paths(intersection(union(changed, removed), ownedBy(after, 'other')))).toEqual([]);
      }),
    );
  });
});

describe('conflicts', () => {
  it('are exactly the fields that others own with another value', () => {
    fc.assert(
      fc.property(fields, fields, (theirs, mine) => {
        const live = forced(undefined, 'other', theirs);
        const { conflicts } = apply(live, { by: 'me', fields: mine });
        const different = compareFields(live, objectOf(mine), node).changed;
        const shared = intersection(different, intersection(fieldsIn(live), fieldsIn(objectOf(mine))));
        expect(new Set(conflicts.map(({ field }) => field))).toEqual(new Set(paths(shared)));
      }),
    );
  });

  it('take the fields from their owner when they are forced', () => {
    fc.assert(
      fc.property(fields, fields, (theirs, mine) => {
        const live = forced(undefined, 'other', theirs);
        const { conflicts } = apply(live, { by: 'me', fields: mine });
        const after = forced(live, 'me', mine);
        const lost = difference(ownedBy(live, 'other'), ownedBy(after, 'other'));
        expect(new Set(paths(lost))).toEqual(new Set(conflicts.map(({ field }) => field)));
      }),
    );
  });

  it('are told in the order of their names, those of one place before all below it', () => {
    const container = (image: string): JsonObject => ({ image, env: [{ value: image, name: 'A' }], name: 'web' });
    const wanted = (value: string): JsonObject => ({
      spec: { template: { spec: { containers: [container(value)], nodeName: value } }, replicas: value.length },
      metadata: { labels: { b: value, a: value } },
    });
    const { conflicts } = apply(forced(undefined, 'other', wanted('x')), { by: 'me', fields: wanted('yy') });
    expect(conflicts.map(({ field }) => field)).toEqual([
      '.metadata.labels.a',
      '.metadata.labels.b',
      '.spec.replicas',
      '.spec.template.spec.nodeName',
      '.spec.template.spec.containers[name="web"].image',
      '.spec.template.spec.containers[name="web"].env[name="A"].value',
    ]);
  });

  it('are named with who owns the field, and how', () => {
    const live = updated(undefined, 'kubectl-edit', { spec: { replicas: 1 } });
    expect(apply(live, { by: 'me', fields: { spec: { replicas: 2 } } }).conflicts).toEqual([
      {
        reason: 'FieldManagerConflict',
        message: 'conflict with "kubectl-edit" using apps/v1',
        field: '.spec.replicas',
      },
    ]);
  });
});

describe('what has lost all that was in it', () => {
  const container = (fields: JsonObject): JsonObject => ({
    spec: { template: { spec: { containers: [{ name: 'web', ...fields }] } } },
  });

  it('is there as long as somebody else owns it', () => {
    const withCapability = (name: string): JsonObject =>
      container({ securityContext: { capabilities: { add: [name] } } });
    const created = updated(undefined, 'kubectl-create', withCapability('KILL'));
    const applied = forced(created, 'me', withCapability('NET_ADMIN'));
    expect(withoutManagers(forced(applied, 'me', container({})))).toEqual(objectOf(container({ securityContext: {} })));
  });

  it('belongs to who owned it, until somebody fills it again', () => {
    const created = updated(undefined, 'kubectl-create', { metadata: { labels: { app: 'web' } } });
    const applied = forced(created, 'me', { metadata: { labels: { app: 'shop' } } });
    const emptied = forced(applied, 'me', { spec: { paused: true } });
    expect(emptied.metadata.labels).toBeUndefined();
    expect(ownedBy(emptied, 'kubectl-create')).toEqual({ 'f:metadata': { 'f:labels': {} } });
    const { conflicts } = apply(emptied, { by: 'you', fields: { metadata: { labels: { app: 'web' } } } });
    expect(conflicts.map(({ field }) => field)).toEqual(['.metadata.labels']);
  });
});

describe('null that is applied', () => {
  const live = forced(undefined, 'other', {
    metadata: { labels: { app: 'web' }, finalizers: ['a'] },
    spec: { replicas: 1, strategy: { type: 'Recreate' }, selector: { matchLabels: { app: 'web' } } },
  });

  it('takes nothing from an object or a list whose parts have owners', () => {
    const fields = { metadata: { labels: null, finalizers: null }, spec: { strategy: null } };
    const { object, conflicts } = apply(live, { by: 'me', fields });
    expect(conflicts).toEqual([]);
    expect(withoutManagers(object)).toEqual(withoutManagers(live));
  });

  it('is a value like any other elsewhere', () => {
    const { conflicts } = apply(live, { by: 'me', fields: { spec: { replicas: null, selector: null } } });
    expect(conflicts.map(({ field }) => field)).toEqual(['.spec.replicas', '.spec.selector']);
  });
});

describe('an object without owners', () => {
  it('is in conflict with what was there before, unless it is applied as it is', () => {
    const live = objectOf({ spec: { replicas: 1 } });
    expect(apply(live, { by: 'me', fields: { spec: { replicas: 2 } } }).conflicts).toEqual([
      {
        reason: 'FieldManagerConflict',
        message: 'conflict with "before-first-apply" using apps/v1',
        field: '.spec.replicas',
      },
    ]);
    const { object, conflicts } = apply(live, { by: 'me', fields: { spec: { replicas: 1 } } });
    expect(conflicts).toEqual([]);
    expect(ownedBy(object, 'before-first-apply')).toEqual({ 'f:spec': { 'f:replicas': {} } });
  });
});

describe('updating', () => {
  it('owns the objects and lists that it brings, and not the structs that are always there', () => {
    const object = updated(undefined, 'kubectl-create', {
      metadata: { labels: { app: 'web' } },
      spec: {
        strategy: { type: 'RollingUpdate', rollingUpdate: { maxSurge: 1 } },
        template: { spec: { containers: [{ name: 'web', resources: {}, ports: [] }] } },
      },
    });
    expect(ownedBy(object, 'kubectl-create')).toEqual({
      'f:metadata': { 'f:labels': { '.': {}, 'f:app': {} } },
      'f:spec': {
        'f:strategy': { 'f:type': {}, 'f:rollingUpdate': { '.': {}, 'f:maxSurge': {} } },
        'f:template': {
          'f:spec': {
            'f:containers': {
              '.': {},
              'k:{"name":"web"}': { '.': {}, 'f:name': {}, 'f:resources': {}, 'f:ports': {} },
            },
          },
        },
      },
    });
  });

  it('gives up an object that it takes away with all that is in it', () => {
    const fields = { metadata: { labels: { app: 'web' }, annotations: { by: 'me' } } };
    const live = updated(undefined, 'kubectl-create', fields);
    const object = updated(live, 'kubectl-edit', { metadata: { labels: { app: 'web' } } });
    expect(ownedBy(object, 'kubectl-create')).toEqual({ 'f:metadata': { 'f:labels': { '.': {}, 'f:app': {} } } });
  });

  it('takes from others the fields that it changes', () => {
    fc.assert(
      fc.property(fields, fields, (applied, wanted) => {
        const live = forced(undefined, 'applier', applied);
        const object = updated(live, 'editor', wanted);
        expect(isEmpty(intersection(ownedBy(object, 'applier'), ownedBy(object, 'editor')))).toBe(true);
        const { changed } = compareFields(live, objectOf(wanted), node);
        expect(ownedBy(object, 'editor')).toEqual(ownable(changed, 'withoutStatus'));
      }),
    );
  });

  it('takes away the bookkeeping when an empty entry is sent', () => {
    const live = forced(undefined, 'me', { spec: { replicas: 1 } });
    const sent = { ...live, metadata: { managedFields: [{}] } };
    const context = { manager: manager('kubectl-patch', 'Update'), node, part: 'withoutStatus', now } as const;
    expect(trackUpdate(live, sent, context).metadata.managedFields).toBeUndefined();
  });

  it.each([
    { name: 'none are sent', managedFields: [] },
    { name: 'one makes no sense', managedFields: [{ manager: 'x', operation: 'Steal', fieldsV1: { 'f:spec': {} } }] },
    { name: 'a path is none', managedFields: [{ manager: 'x', operation: 'Apply', fieldsV1: { 'k:{': {} } }] },
  ])('keeps the bookkeeping when $name', ({ managedFields }) => {
    const live = forced(undefined, 'me', { spec: { replicas: 1 } });
    const context = { manager: manager('kubectl-patch', 'Update'), node, part: 'withoutStatus', now } as const;
    const object = trackUpdate(live, { ...live, metadata: { managedFields } }, context);
    expect(object.metadata.managedFields).toEqual(live.metadata.managedFields);
  });

  it('may rename an owner, as kubectl does when it goes over to server-side apply', () => {
    const live = updated(undefined, 'kubectl-client-side-apply', { spec: { replicas: 1 } });
    const entries = (live.metadata.managedFields ?? []).map((entry) => ({
      ...entry,
      manager: 'kubectl',
      operation: 'Apply',
    }));
    const object = updated({ ...live, metadata: { managedFields: entries } }, 'kubectl', { spec: { replicas: 1 } });
    expect(object.metadata.managedFields).toMatchObject([{ manager: 'kubectl', operation: 'Apply' }]);
  });
});

describe('what kubectl applied on the client side', () => {
  const annotation = 'kubectl.kubernetes.io/last-applied-configuration';
  const applied = { spec: { replicas: 1, paused: true } };
  const live = updated(undefined, 'kubectl-client-side-apply', {
    metadata: { annotations: { [annotation]: JSON.stringify(objectOf(applied)) } },
    ...applied,
  });

  it('is in no conflict with kubectl on the server side', () => {
    const { object, conflicts } = apply(live, { by: 'kubectl', fields: { spec: { replicas: 2 } } });
    expect(conflicts).toEqual([]);
    expect(object).toMatchObject({ spec: { replicas: 2, paused: true } });
  });

  it('is in conflict with others', () => {
    const { conflicts } = apply(live, { by: 'other', fields: { spec: { replicas: 2 } } });
    expect(conflicts.map(({ field }) => field)).toEqual(['.spec.replicas']);
  });

  it('is in conflict where somebody changed it since', () => {
    const { managedFields: _, ...metadata } = live.metadata;
    const changed = updated(live, 'kubectl-edit', { metadata, spec: { replicas: 3, paused: true } });
    const { conflicts } = apply(changed, { by: 'kubectl', fields: { spec: { replicas: 2 } } });
    expect(conflicts.map(({ message }) => message)).toEqual(['conflict with "kubectl-edit" using apps/v1']);
  });

  it('keeps its annotation, with what was applied now', () => {
    const { object } = apply(live, { by: 'kubectl', fields: { spec: { replicas: 2 } } });
    expect(JSON.parse(object.metadata.annotations?.[annotation] ?? '')).toEqual(objectOf({ spec: { replicas: 2 } }));
  });

  it('loses its annotation where that would be longer than annotations may be', () => {
    const fields = { metadata: { annotations: { notes: 'x'.repeat(200_000) } }, ...applied };
    const { object } = apply(live, { by: 'kubectl', fields });
    expect(Object.keys(object.metadata.annotations ?? {})).toEqual(['notes']);
  });
});
