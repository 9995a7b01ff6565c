/** The paths of OpenAPI documents, as version 3 has them: which requests there are, and what each may ask for in its query. */
import { isMergedByKeys, type ResourceDefinition } from './definition.ts';
import { kindName, type OpenApi } from './openapi-schemas.ts';

type ParameterType = 'boolean' | 'integer' | 'string';

const types: Readonly<Record<string, ParameterType>> = {
  allowWatchBookmarks: 'boolean',
  force: 'boolean',
  gracePeriodSeconds: 'integer',
  limit: 'integer',
  orphanDependents: 'boolean',
  sendInitialEvents: 'boolean',
  timeoutSeconds: 'integer',
  watch: 'boolean',
};

const selecting = [
  'continue',
  'fieldSelector',
  'labelSelector',
  'limit',
  'resourceVersion',
  'resourceVersionMatch',
  'sendInitialEvents',
  'timeoutSeconds',
];
const deleting = ['dryRun', 'gracePeriodSeconds', 'orphanDependents', 'propagationPolicy'];
const writing = ['dryRun', 'fieldManager', 'fieldValidation'];

/** By action, as Kubernetes names them. kubectl looks here for what the server understands before it asks for it. */
const queries = {
  get: [],
  list: ['allowWatchBookmarks', ...selecting, 'watch'],
  post: writing,
  put: writing,
  patch: [...writing, 'force'],
  delete: deleting,
  deletecollection: [...selecting, ...deleting],
} as const satisfies Readonly<Record<string, readonly string[]>>;

type Action = keyof typeof queries;

const verbs: Readonly<Record<Action, string>> = {
  get: 'get',
  list: 'list',
  post: 'create',
  put: 'update',
  patch: 'patch',
  delete: 'delete',
  deletecollection: 'deletecollection',
};

const patchTypes = ['application/apply-patch+yaml', 'application/json-patch+json', 'application/merge-patch+json'];
const strategicPatchType = 'application/strategic-merge-patch+json';

/** Of a group and version: `api/v1`, `apis/apps/v1`. */
export function documentPath({ type }: ResourceDefinition): string {
  return type.group === '' ? `api/${type.version}` : `apis/${type.group}/${type.version}`;
}

/** The paths of one resource; `root` is that of its group and version, such as `apis/apps/v1`. */
export function renderPaths(definition: ResourceDefinition, root: string): ReadonlyArray<readonly [string, OpenApi]> {
  const { plural, namespaced } = definition.type;
  const everywhere = `/${root}/${plural}`;
  const collection = namespaced ? `/${root}/namespaces/{namespace}/${plural}` : everywhere;
  const item = (rest: OpenApi): OpenApi => withPathParameters(['name', ...(namespaced ? ['namespace'] : [])], rest);
  const within = (rest: OpenApi): OpenApi => (namespaced ? withPathParameters(['namespace'], rest) : rest);
  const isListed = definition.verbs.includes('list');
  const paths: ReadonlyArray<readonly [string, OpenApi]> = [
    ...(namespaced && isListed ? [[everywhere, operations(definition, { get: 'list' })] as const] : []),
    [collection, within(operations(definition, { get: 'list', post: 'post', delete: 'deletecollection' }))],
    [
      `${collection}/{name}`,
      item(operations(definition, { get: 'get', put: 'put', patch: 'patch', delete: 'delete' })),
    ],
    ...(definition.hasStatus
      ? [
          [
            `${collection}/{name}/status`,
            item(operations(definition, { get: 'get', put: 'put', patch: 'patch' })),
          ] as const,
        ]
      : []),
  ];
  return paths.filter(([, { parameters: _, ...methods }]) => Object.keys(methods).length > 0);
}

function withPathParameters(names: readonly string[], rest: OpenApi): OpenApi {
  const parameters = names.map((name) => ({
    name,
    in: 'path',
    required: true,
    schema: { type: 'string', uniqueItems: true },
  }));
  return { ...rest, parameters };
}

/** Of the given actions by method, those that the resource knows. */
function operations(definition: ResourceDefinition, actions: Readonly<Record<string, Action>>): OpenApi {
  const known = Object.entries(actions).filter(([, action]) => definition.verbs.includes(verbs[action]));
  return Object.fromEntries(known.map(([method, action]) => [method, operation(definition, action)]));
}

function operation(definition: ResourceDefinition, action: Action): OpenApi {
  const { group, version, kind } = definition.type;
  const parameters = queries[action].map((name) => ({
    name,
    in: 'query',
    schema: { type: types[name] ?? 'string', uniqueItems: true },
  }));
  return {
    ...(parameters.length === 0 ? {} : { parameters }),
    ...bodyOf(definition, action),
    responses: {
      200: { description: 'OK', content: { 'application/json': { schema: answerOf(definition, action) } } },
    },
    'x-kubernetes-action': action,
    'x-kubernetes-group-version-kind': { group, version, kind },
  };
}

function bodyOf(definition: ResourceDefinition, action: Action): OpenApi {
  switch (action) {
    case 'post':
    case 'put':
      return { requestBody: { required: true, content: { 'application/json': { schema: kindOf(definition) } } } };
    case 'patch':
      return { requestBody: { required: true, content: patchContent(definition) } };
    case 'delete':
    case 'deletecollection':
      return { requestBody: { content: { 'application/json': { schema: { type: 'object' } } } } };
    default:
      return {};
  }
}

/** kubectl 1.29 and newer takes from here by which patch it applies. */
function patchContent(definition: ResourceDefinition): OpenApi {
  const offered = [...patchTypes, ...(isMergedByKeys(definition) ? [strategicPatchType] : [])];
  return Object.fromEntries(offered.map((each) => [each, { schema: { type: 'object' } }]));
}

function answerOf(definition: ResourceDefinition, action: Action): OpenApi {
  if (action === 'deletecollection') return { type: 'object' };
  if (action !== 'list') return kindOf(definition);
  const text = { type: 'string' };
  const items = { type: 'array', items: kindOf(definition) };
  return {
    type: 'object',
    properties: { apiVersion: text, kind: text, metadata: { type: 'object' }, items },
    required: ['items'],
  };
}

function kindOf(definition: ResourceDefinition): OpenApi {
  return { $ref: `#/components/schemas/${kindName(definition)}` };
}
