/** What every handler of a request on resources is given, whether it answers with the object or connects to more. */
import type { Clock } from '@slipway/kube/clock';
import type { MutableCatalog } from '../schema/catalog.ts';
import type { ResourceDefinition } from '../schema/definition.ts';
import type { Grants, Identity } from './authorization.ts';
import type { ExternalAdmission } from './external-admission.ts';
import type { NodeConnector } from './node-connector.ts';
import type { ResourcePath } from './request-path.ts';
import type { ResourceStore } from './resource-store.ts';
import type { ResourceVerbs } from './resource-verbs.ts';
import type { ServiceAccountTokens } from './tokens/service-account-tokens.ts';

export interface ResourceHandling {
  readonly verbs: ResourceVerbs;
  readonly resources: ResourceStore;
  readonly external: ExternalAdmission;
  readonly clock: Clock;
  readonly nodes: NodeConnector;
  readonly catalog: MutableCatalog;
  readonly grants: Grants;
  readonly tokens: ServiceAccountTokens;
}

export interface ResourceRequest extends ResourceHandling {
  readonly path: ResourcePath;
  readonly definition: ResourceDefinition;
  /** Who asks. */
  readonly identity: Identity;
}
