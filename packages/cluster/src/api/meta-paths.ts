/** Paths that are about the server and not about objects: versions, health, discovery, OpenAPI. */
import { createHash } from 'node:crypto';
import type { TransportRequest, TransportResponse } from '@slipway/kube/transport';
import type { Catalog } from '../schema/definition.ts';
import { aggregatedDiscovery, coreVersions, groupDiscovery, groupList, resourceList } from '../schema/discovery.ts';
import type { OpenApiDocuments } from '../schema/openapi-v3.ts';
import { acceptedRanges } from './accept.ts';
import { aggregatedVersion } from './accepted-form.ts';
import { methodNotAllowed } from './served-methods.ts';
import { issuerPaths } from './tokens/issuer-discovery.ts';

export const kubernetesVersion = 'v1.32.0';

export interface MetaOptions {
  readonly catalog: Catalog;
  readonly documents: OpenApiDocuments;
  readonly address: string;
}

const healthPaths = ['/healthz', '/livez', '/readyz'];
const openToAll = new Set(['/version', ...healthPaths]);

/** What is true of whatever answers. Nothing is said of the store (`etcd`), which is not looked at here. */
const healthChecks = ['ping', 'log'];

/** What is asked of a server before anybody has said who he is: whether it lives, and which one it is. */
export function isOpenToAll(path: string): boolean {
  return openToAll.has(withoutSlash(path));
}

function withoutSlash(path: string): string {
  return path.length > 1 ? path.replace(/\/$/, '') : path;
}

/** Undefined for paths of resources. Throws `MethodNotAllowed`: only health may be asked for by any method. */
export function handleMeta(request: TransportRequest, options: MetaOptions): TransportResponse | undefined {
  const path = withoutSlash(request.path);
  const health = healthOf(path, request.query);
  if (health !== undefined) return text(health);
  const described = describe(path, request, options);
  if (described !== undefined && request.method !== 'GET' && request.method !== 'HEAD') throw methodNotAllowed();
  return described;
}

function describe(path: string, request: TransportRequest, options: MetaOptions): TransportResponse | undefined {
  if (path === '/version') return json(version());
  if (path === '/')
    return json({
      paths: [
        ...issuerPaths,
        '/api',
        '/apis',
        '/healthz',
        '/livez',
        '/metrics',
        '/openapi/v2',
        '/openapi/v3',
        '/readyz',
        '/version',
      ],
    });
  return openApi(path, request, options.documents) ?? discovery(path, request, options);
}

/** `/livez`, `/livez/ping`, and each check by itself with `?verbose`. */
function healthOf(path: string, query: URLSearchParams): string | undefined {
  const root = healthPaths.find((each) => path === each || path.startsWith(`${each}/`));
  if (root === undefined) return undefined;
  if (path !== root) return healthChecks.includes(path.slice(root.length + 1)) ? 'ok' : undefined;
  if (!query.has('verbose')) return 'ok';
  const excluded = query.getAll('exclude');
  const lines = healthChecks.map((check) => `[+]${check} ${excluded.includes(check) ? 'excluded: ok' : 'ok'}`);
  return [...lines, `${root.slice(1)} check passed`, ''].join('\n');
}

function version(): object {
  const [major, minor] = kubernetesVersion.slice(1).split('.');
  return {
    major,
    minor,
    gitVersion: kubernetesVersion,
    gitCommit: '',
    gitTreeState: 'clean',
    buildDate: '1970-01-01T00:00:00Z',
    goVersion: '',
    compiler: '',
    platform: `${process.platform}/${process.arch === 'x64' ? 'amd64' : process.arch}`,
  };
}

/** What clients accept has an `@` in it, which no media type may have, so the answer says a dot. */
const openApiProtobuf = 'application/com.github.proto-openapi.spec.v2.v1.0+protobuf';

function openApi(path: string, request: TransportRequest, documents: OpenApiDocuments): TransportResponse | undefined {
  if (path === '/openapi/v2') return openApiV2(request, documents);
  if (path === '/openapi/v3') {
    const text = JSON.stringify(documents.index());
    return cacheable(request, { text, etag: hashOf(text), contentType: 'application/json' });
  }
  if (!path.startsWith('/openapi/v3/')) return undefined;
  const document = documents.document(path.slice('/openapi/v3/'.length));
  return document && byHash(request, path, document);
}

/** Under its hash a document never changes; who asks by that of an older one is told the new one. */
function byHash(
  request: TransportRequest,
  path: string,
  document: { readonly text: string; readonly etag: string },
): TransportResponse {
  const asked = request.query.get('hash') ?? '';
  const answer = cacheable(request, { ...document, contentType: 'application/json' });
  if (asked === '') return answer;
  if (asked === document.etag)
    return { ...answer, headers: { ...answer.headers, 'cache-control': 'public, immutable, max-age=31536000' } };
  const headers = { location: `${path}?hash=${document.etag}` };
  return { status: 301, headers, body: { kind: 'bytes', chunks: chunks('') } };
}

function hashOf(text: string): string {
  return createHash('sha256').update(text).digest('hex').toUpperCase();
}

function openApiV2(request: TransportRequest, documents: OpenApiDocuments): TransportResponse {
  const { json: text, protobuf, etag } = documents.version2();
  return wantsProtobuf(request.headers['accept'] ?? '')
    ? cacheable(request, { text: protobuf, etag: `${etag}-protobuf`, contentType: openApiProtobuf })
    : cacheable(request, { text, etag, contentType: 'application/json' });
}

/** Whichever of both is wanted more. */
function wantsProtobuf(accept: string): boolean {
  const types = acceptedRanges(accept).map(({ type }) => type.replaceAll('@', '.'));
  return types.find((type) => type === openApiProtobuf || jsonTypes.has(type)) === openApiProtobuf;
}

const jsonTypes = new Set(['application/json', 'application/*', '*/*']);

interface CacheableDocument {
  readonly text: string | Uint8Array;
  readonly etag: string;
  readonly contentType: string;
}

function cacheable(request: TransportRequest, { text, etag, contentType }: CacheableDocument): TransportResponse {
  const headers = { etag: `"${etag}"`, vary: 'accept' };
  if (isKnown(request.headers['if-none-match'] ?? '', headers.etag))
    return { status: 304, headers, body: { kind: 'bytes', chunks: chunks('') } };
  return {
    status: 200,
    headers: { 'content-type': contentType, ...headers },
    body: { kind: 'bytes', chunks: chunks(text) },
  };
}

/** One of those that the client has, where a weak one is as good as another. */
function isKnown(ifNoneMatch: string, etag: string): boolean {
  const has = ifNoneMatch.split(',').map((each) => each.trim().replace(/^W\//, ''));
  return has.includes(etag) || has.includes('*');
}

function discovery(
  path: string,
  request: TransportRequest,
  { catalog, address }: MetaOptions,
): TransportResponse | undefined {
  const definitions = catalog.all();
  const [, root, group, versionName, ...rest] = path.split('/');
  if (rest.length > 0) return undefined;
  if (root === 'api') {
    if (group === undefined) return aggregated(request, definitions, 'core') ?? json(coreVersions(address));
    return versionName === undefined ? found(resourceList(definitions, { group: '', version: group })) : undefined;
  }
  if (root !== 'apis') return undefined;
  if (group === undefined) return aggregated(request, definitions, 'groups') ?? json(groupList(definitions));
  return found(
    versionName === undefined
      ? groupDiscovery(definitions, group)
      : resourceList(definitions, { group, version: versionName }),
  );
}

function aggregated(
  request: TransportRequest,
  definitions: ReturnType<Catalog['all']>,
  scope: 'core' | 'groups',
): TransportResponse | undefined {
  const chosen = aggregatedVersion(request.headers['accept']);
  if (chosen === undefined) return undefined;
  const text = JSON.stringify(aggregatedDiscovery(definitions, scope, chosen));
  const contentType = `application/json;g=apidiscovery.k8s.io;v=${chosen};as=APIGroupDiscoveryList`;
  return cacheable(request, { text, etag: hashOf(text), contentType });
}

function found(value: unknown): TransportResponse | undefined {
  return value === undefined ? undefined : json(value);
}

function json(value: unknown): TransportResponse {
  return { status: 200, headers: {}, body: { kind: 'json', value } };
}

function text(value: string): TransportResponse {
  return { status: 200, headers: { 'content-type': 'text/plain' }, body: { kind: 'bytes', chunks: chunks(value) } };
}

async function* chunks(value: string | Uint8Array): AsyncIterable<Uint8Array> {
  if (value.length > 0) yield typeof value === 'string' ? Buffer.from(value) : value;
}
