import { randomUUID, type KeyObject } from 'node:crypto';
import type { Clock } from '@slipway/kube/clock';
import type { Logger } from '@slipway/kube/logger';
import { StatusError } from '@slipway/kube/status-error';
import type { Transport, TransportRequest, TransportResponse } from '@slipway/kube/transport';
import { makeServiceAccountKey } from '../pki/service-account-key.ts';
import type { MutableCatalog } from '../schema/catalog.ts';
import { createOpenApiDocuments } from '../schema/openapi-v3.ts';
import type { Store } from '../store/store.ts';
import { unknownPath } from './api-errors.ts';
import { authorize, mayDoEverything, type Grants, type Identity } from './authorization.ts';
import { handleMeta, isOpenToAll } from './meta-paths.ts';
import { defaultTolerations } from './default-tolerations.ts';
import { createClassAdmission } from './class-admission.ts';
import { createLimitRangeAdmission } from './limits/limit-range-admission.ts';
import { QuotaAdmission } from './limits/quota-admission.ts';
import { immortalNamespaces } from './immortal-namespaces.ts';
import type { NodeConnector, UpgradeAnswer } from './node-connector.ts';
import { hasStreams, streamTarget, upgradeRefused, withWarnings } from './pod-streams.ts';
import { createEscalationCheck } from './rbac/escalation-check.ts';
import { createPriorityAdmission } from './priority-admission.ts';
import { PolicyIndex } from './rbac/policy-index.ts';
import { attributesOf } from './request-attributes.ts';
import { parseResourcePath } from './request-path.ts';
import type { ResourceHandling, ResourceRequest } from './resource-request.ts';
import { handleResource } from './resource-requests.ts';
import { ResourceStore } from './resource-store.ts';
import { ResourceVerbs } from './resource-verbs.ts';
import { createServiceAccountAdmission } from './service-account-admission.ts';
import { RequestCounts } from './request-counts.ts';
import { ServiceAddresses, type ServiceRanges } from './service-addresses.ts';
import { askAboutSent } from './sent-objects.ts';
import { createLateWebhooks } from './webhooks/late-webhooks.ts';
import { answerIssuer } from './tokens/issuer-discovery.ts';
import { ServiceAccountTokens } from './tokens/service-account-tokens.ts';

export interface ApiServerOptions {
  readonly store: Store;
  readonly catalog: MutableCatalog;
  readonly clock: Clock;
  /** From 0 up to 1; names and nothing secret come from it. */
  readonly random: () => number;
  readonly logger: Logger;
  readonly nodes: NodeConnector;
  readonly ranges: ServiceRanges;
  /** Signs the tokens of service accounts. Absent: a key that ends with the process. */
  readonly loadServiceAccountKey?: (() => Promise<KeyObject>) | undefined;
  /** `host:port` that clients reach this server by, for discovery. */
  readonly address?: string | undefined;
  /** Freezes what the cache holds, so that who changes it is found out. For tests. */
  readonly freezesObjects?: boolean | undefined;
}

/** The API, independent of how requests reach it. */
export interface ApiServer {
  readonly store: Store;
  readonly catalog: MutableCatalog;
  /** Who may do what, as the roles and bindings say just now. */
  readonly grants: Grants;
  readonly tokens: ServiceAccountTokens;
  /** Of whoever asks from outside of this process. */
  readonly requests: RequestCounts;
  /** Throws or rejects with what is to become an answer by `failure`. */
  answer(request: TransportRequest, identity: Identity): TransportResponse | Promise<TransportResponse>;
  /** Never rejects: a failure is an answer. */
  handle(request: TransportRequest, identity: Identity): Promise<TransportResponse>;
  /** Asks the pod's node for a connection of streams; `request.headers` are passed on. Rejects with why it may not be. */
  openStreams(request: TransportRequest, identity: Identity): Promise<UpgradeAnswer>;
  /** The API for callers in this process, who are `identity`. */
  transportFor(identity: Identity): Transport;
}

export function createApiServer(options: ApiServerOptions): ApiServer {
  const { store, catalog, clock, logger, address = '127.0.0.1' } = options;
  const resources = new ResourceStore(store, { freeze: options.freezesObjects });
  const grants = new PolicyIndex(store);
  const loadKey = options.loadServiceAccountKey ?? (() => Promise.resolve(makeServiceAccountKey()));
  const tokens = new ServiceAccountTokens({ resources, clock, loadKey });
  const documents = createOpenApiDocuments(() => catalog.all());
  catalog.onChange(() => documents.forget());
  const external = createLateWebhooks({ resources, catalog, clock, logger });
  const verbs = new ResourceVerbs({
    resources,
    admission: [
      createServiceAccountAdmission({ resources, random: options.random }),
      createPriorityAdmission(resources),
      createClassAdmission(resources),
      createLimitRangeAdmission(resources),
      defaultTolerations,
      immortalNamespaces,
      new ServiceAddresses(store, options.ranges, options.random),
      createEscalationCheck(grants),
      // The last: what others refuse takes nothing.
      new QuotaAdmission(resources, catalog),
    ],
    external,
    context: () => ({ now: clock.now(), random: options.random, uuid: randomUUID }),
  });
  const { nodes } = options;
  const requests = new RequestCounts(catalog);
  const handling: ResourceHandling = { verbs, resources, external, clock, nodes, catalog, grants, tokens };

  const locate = (request: TransportRequest, identity: Identity): ResourceRequest => {
    const path = parseResourcePath(request.path);
    const definition = path === undefined ? undefined : catalog.find(path.group, path.version, path.plural);
    if (path === undefined || definition === undefined) throw unknownPath();
    return { ...handling, path, definition, identity };
  };
  const admit = (request: TransportRequest, identity: Identity): void => {
    if (!mayDoEverything(identity) && !isOpenToAll(request.path)) authorize(identity, attributesOf(request), grants);
  };
  const route = (request: TransportRequest, identity: Identity): TransportResponse | Promise<TransportResponse> => {
    admit(request, identity);
    if (request.path === '/metrics')
      return import('./server-metrics.ts').then(({ answerMetrics }) => answerMetrics({ requests, catalog, store }));
    // No path of a resource is one about the server.
    const isResource = parseResourcePath(request.path) !== undefined;
    const meta = isResource
      ? undefined
      : (handleMeta(request, { catalog, documents, address }) ?? answerIssuer(request, tokens));
    if (meta !== undefined) return meta;
    return handleResource(request, locate(request, identity));
  };
  const handle: ApiServer['handle'] = async (request, identity) => {
    try {
      return await route(request, identity);
    } catch (error) {
      return failure(error, request, logger);
    }
  };
  return {
    store,
    catalog,
    grants,
    tokens,
    requests,
    answer: route,
    handle,
    openStreams: async (request, identity) => {
      admit(request, identity);
      const at = locate(request, identity);
      if (!hasStreams(at.path)) throw unknownPath();
      const sent = await askAboutSent(request, at);
      const { node, path } = streamTarget(sent.request, sent.at);
      if (nodes.upgrade === undefined) throw upgradeRefused(node);
      const { method, headers } = request;
      return withWarnings(await nodes.upgrade(node, { method, path, headers }), sent.warnings);
    },
    transportFor: (identity) => ({ send: (request) => handle(request, identity) }),
  };
}

/** The one place in which failures become answers. What is no StatusError is a fault of ours: logged, and not shown. */
export function failure(
  error: unknown,
  request: Pick<TransportRequest, 'method' | 'path'>,
  logger: Logger,
): TransportResponse {
  if (!(error instanceof StatusError))
    logger.error('request failed', { method: request.method, path: request.path, error });
  const status =
    error instanceof StatusError
      ? error
      : new StatusError(
          'InternalError',
          `Internal error occurred: ${request.method} ${request.path} failed; the server's log has the cause`,
        );
  const retry = status.details?.retryAfterSeconds;
  return {
    status: status.code,
    headers: retry === undefined ? {} : { 'retry-after': String(retry) },
    body: { kind: 'json', value: status.toStatus() },
  };
}
