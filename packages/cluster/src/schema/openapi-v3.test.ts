import { readFile } from 'node:fs/promises';
import { describe, expect, it, test } from 'vitest';
import { createCatalog } from './catalog.ts';
import { createOpenApiDocuments } from './openapi-v3.ts';

/** Media types of the patches that are offered for Deployments under another group. */
function patchesOffered(group: string): readonly string[] {
  const deployment = createCatalog().find('apps', 'v1', 'deployments');
  if (deployment === undefined) throw new Error('the catalog has no Deployments');
  const documents = createOpenApiDocuments(() => [{ ...deployment, type: { ...deployment.type, group } }]);
  const text = documents.document(`apis/${group}/v1`)?.text ?? '';
  return [...new Set(text.match(/application\/[a-z-]+patch\+[a-z]+/g))];
}

test('kubectl is offered a strategic merge patch for kinds of Kubernetes', () => {
  expect(patchesOffered('apps')).toContain('application/strategic-merge-patch+json');
});

test('kubectl is offered none for custom resources, which have no merge keys and refuse it', () => {
  expect(patchesOffered('slipway.dev')).toEqual([
    'application/apply-patch+yaml',
    'application/json-patch+json',
    'application/merge-patch+json',
  ]);
});

describe('every path', () => {
  const list = [
    'allowWatchBookmarks',
    'continue',
    'fieldSelector',
    'labelSelector',
    'limit',
    'resourceVersion',
    'resourceVersionMatch',
    'sendInitialEvents',
    'timeoutSeconds',
    'watch',
  ];
  const write = ['dryRun', 'fieldManager', 'fieldValidation'];

  it.each([
    { path: '/apis/apps/v1/deployments', method: 'get', action: 'list', names: list },
    { path: '/apis/apps/v1/namespaces/{namespace}/deployments', method: 'get', action: 'list', names: list },
    { path: '/apis/apps/v1/namespaces/{namespace}/deployments', method: 'post', action: 'post', names: write },
    {
      path: '/apis/apps/v1/namespaces/{namespace}/deployments',
      method: 'delete',
      action: 'deletecollection',
      names: [
        ...list.filter((name) => name !== 'allowWatchBookmarks' && name !== 'watch'),
        'dryRun',
        'gracePeriodSeconds',
        'orphanDependents',
        'propagationPolicy',
      ],
    },
    { path: '/apis/apps/v1/namespaces/{namespace}/deployments/{name}', method: 'put', action: 'put', names: write },
    {
      path: '/apis/apps/v1/namespaces/{namespace}/deployments/{name}',
      method: 'patch',
      action: 'patch',
      names: [...write, 'force'],
    },
    {
      path: '/apis/apps/v1/namespaces/{namespace}/deployments/{name}/status',
      method: 'patch',
      action: 'patch',
      names: [...write, 'force'],
    },
    {
      path: '/apis/apps/v1/namespaces/{namespace}/deployments/{name}',
      method: 'delete',
      action: 'delete',
      names: ['dryRun', 'gracePeriodSeconds', 'orphanDependents', 'propagationPolicy'],
    },
  ])('says what $method $path may ask for', ({ path, method, action, names }) => {
    const operation = documentOf('apis/apps/v1').paths[path]?.[method];
    expect(operation?.parameters?.map(({ name }) => name)).toEqual(names);
    expect(operation).toMatchObject({
      'x-kubernetes-action': action,
      'x-kubernetes-group-version-kind': { group: 'apps', version: 'v1', kind: 'Deployment' },
    });
  });

  it('of every kind says the same of writes and patches', () => {
    const writes = roots().flatMap((root) =>
      Object.entries(documentOf(root).paths).flatMap(([path, { post, put, patch }]) => [
        { path, operation: post, names: write },
        { path, operation: put, names: write },
        { path, operation: patch, names: [...write, 'force'] },
      ]),
    );
    for (const { path, operation, names } of writes)
      expect(operation?.parameters?.map(({ name }) => name) ?? names, `at ${path}`).toEqual(names);
  });

  it('offers no more than the kind knows', () => {
    const { paths } = documentOf('apis/authorization.k8s.io/v1');
    expect(Object.keys(paths['/apis/authorization.k8s.io/v1/selfsubjectaccessreviews'] ?? {})).toEqual(['post']);
    expect(paths).not.toHaveProperty(['/apis/authorization.k8s.io/v1/selfsubjectaccessreviews/{name}']);
  });
});

describe('every schema', () => {
  it('says of each field how it is merged, as the types of Kubernetes do', async () => {
    const types = await kubernetesTypes();
    let compared = 0;
    for (const root of roots())
      for (const [name, schema] of Object.entries(documentOf(root).components.schemas))
        for (const field of fieldsOf(types, name)) {
          expect(schema.properties?.[field.name], `${name}.${field.name}`).toMatchObject(extensionsOf(field));
          compared += 1;
        }
    expect(compared).toBeGreaterThan(1_500);
  });

  it('of a kind says which kind it is', () => {
    for (const { type } of createCatalog().all()) {
      const root = type.group === '' ? `api/${type.version}` : `apis/${type.group}/${type.version}`;
      const kinds = Object.values(documentOf(root).components.schemas).flatMap(
        (schema) => schema['x-kubernetes-group-version-kind'] ?? [],
      );
      expect(kinds).toContainEqual({ group: type.group, version: type.version, kind: type.kind });
    }
  });
});

interface Operation {
  readonly parameters?: ReadonlyArray<{ readonly name: string }>;
}

interface Schema {
  readonly properties?: Readonly<Record<string, object>>;
  readonly 'x-kubernetes-group-version-kind'?: readonly object[];
}

interface Document {
  readonly paths: Readonly<Record<string, Readonly<Record<string, Operation>>>>;
  readonly components: { readonly schemas: Readonly<Record<string, Schema>> };
}

const documents = createOpenApiDocuments(() => createCatalog().all());

function documentOf(root: string): Document {
  return JSON.parse(documents.document(root)?.text ?? '{}');
}

function roots(): readonly string[] {
  const types = createCatalog()
    .all()
    .map(({ type }) => type);
  return [
    ...new Set(types.map(({ group, version }) => (group === '' ? `api/${version}` : `apis/${group}/${version}`))),
  ];
}

interface TypeField {
  readonly name: string;
  readonly type: unknown;
  readonly inline?: boolean;
  readonly patchStrategy?: string;
  readonly patchMergeKey?: string;
  readonly listType?: string;
  readonly listMapKeys?: readonly string[];
  readonly mapType?: string;
}

type Types = Readonly<Record<string, { readonly fields?: readonly TypeField[] }>>;

async function kubernetesTypes(): Promise<Types> {
  const { types }: { readonly types: Types } = JSON.parse(
    await readFile(new URL('kubernetes.json', import.meta.url), 'utf8'),
  );
  return types;
}

/** Those of inlined types stand among the fields of the type itself. */
function fieldsOf(types: Types, name: string): readonly TypeField[] {
  return (types[name]?.fields ?? []).flatMap((field) =>
    field.inline === true && typeof field.type === 'string' ? fieldsOf(types, field.type) : [field],
  );
}

function extensionsOf(field: TypeField): object {
  const { patchStrategy, patchMergeKey, listType, listMapKeys, mapType } = field;
  const extensions = {
    'x-kubernetes-patch-strategy': patchStrategy,
    'x-kubernetes-patch-merge-key': patchMergeKey,
    'x-kubernetes-list-type': listType,
    'x-kubernetes-list-map-keys': listMapKeys,
    'x-kubernetes-map-type': mapType,
  };
  return Object.fromEntries(Object.entries(extensions).filter(([, value]) => value !== undefined));
}
