import type { KubeClient } from '@slipway/kube/client';
import type { Clock } from '@slipway/kube/clock';
import type { Logger } from '@slipway/kube/logger';
import type { Database } from '../database/database.ts';
import type { IdentifyBearer } from '../identity/identify-bearer.ts';
import type { OidcProvider } from '../identity/oidc/oidc-provider.ts';
import type { Identity, Principal } from '../identity/principal.ts';
import type { RandomText } from '../identity/tokens.ts';
import type { Sealer } from '../secrets/sealer.ts';
import type { PublicPlace } from './public-place.ts';
import type { ClusterView } from '../view/cluster-view.ts';
import type { GatewayPorts } from '../view/preview.ts';

/** What every room of the server has in common. */
export interface ServerContext {
  readonly client: KubeClient;
  readonly database: Database;
  readonly view: ClusterView;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly random: RandomText;
  readonly sealer: Sealer;
  readonly identifyBearer: IdentifyBearer;
  /** Where people may log in; absent: with a token alone. */
  readonly oidc?: OidcProvider | undefined;
  /** What somebody may, by who he is. */
  readonly principalOf: (identity: Identity) => Principal;
  /** The one namespace that is served; absent: all of them. */
  readonly namespace?: string | undefined;
  readonly place: PublicPlace;
  /** Where our own gateway takes requests; absent: at the usual ports. */
  readonly gatewayPorts?: GatewayPorts | undefined;
  /** Addresses and networks of proxies that are believed in what they say of who asks. */
  readonly trustedProxies: readonly string[];
  /** Whose pages may ask, beside its own. */
  readonly corsOrigins: readonly string[];
  /** Names of this server, in small letters, by which somebody without a login may ask it; its addresses aside. */
  readonly hosts: readonly string[];
  /** Who comes without a login; absent: nobody gets in. */
  readonly anonymous?: Principal | undefined;
}
