import type { KubeClient } from '@slipway/kube/client';
import type { Clock } from '@slipway/kube/clock';
import { EventRecorder } from '@slipway/kube/event-recorder';
import type { Logger } from '@slipway/kube/logger';
import type { ResourceType } from '@slipway/kube/object';
import type { SecretTokenClaims } from '../api/tokens/secret-token-claims.ts';
import type { SharedInformers } from './shared-informers.ts';

/** What every controller is given. */
export interface ControllerContext {
  readonly client: KubeClient;
  readonly clock: Clock;
  readonly random: () => number;
  readonly logger: Logger;
  readonly signal: AbortSignal;
  readonly informers: SharedInformers;
}

export function recorderFor({ client, clock, logger }: ControllerContext, component: string): EventRecorder {
  return new EventRecorder({ client, clock, logger, component });
}

/** What controllers know that are started with the first object of their kind. */
export interface LateContext extends ControllerContext {
  /** Every kind that lives in namespaces and is served now. */
  readonly namespacedTypes: () => readonly ResourceType[];
  /** In PEM form. */
  readonly certificateAuthority: string;
  /** The token of a service account that is to stand in a Secret. */
  readonly issueForSecret: (claims: SecretTokenClaims) => Promise<string>;
}
