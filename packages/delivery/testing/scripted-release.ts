/** Releases as scripts: what is done in what order, and what is seen between. For tables of scenarios in virtual time. */
import { keyOf } from '@slipway/kube/object';
import { pods } from '@slipway/kube/resources';
import { absentAsUndefined } from '@slipway/kube/status-error';
import { splits } from '@slipway/kube/split';
import type { ApplicationSpec, Strategy } from '../src/api/application.ts';
import type { Verb } from '../src/api/release-command.ts';
import { releases, type ReleaseAttempt } from '../src/api/release.ts';
import { createDeliveryCluster, type DeliveryCluster } from './delivery-cluster.ts';

/** What a person would look at. */
export interface Seen {
  /** The version that has become stable. */
  readonly serving?: string;
  /** Of versions with traffic from outside: `1:80 2:20`. */
  readonly weights?: string;
  /** Of every release, by version: `1 Succeeded, 2 Paused`. */
  readonly phases?: string;
  /** Of every version that has any: `1:4 2:1`. */
  readonly pods?: string;
  /** What was tried with every version, and how it ended: `1 deploy Succeeded, 2 deploy RolledBack, 2 retry`. */
  readonly attempts?: string;
  /** What an autoscaler is told to count. */
  readonly scale?: number;
}

export type Deed =
  /** Asks for an image, with whatever else changes; what was asked before stays. */
  | { readonly deploy: string; readonly with?: Partial<ApplicationSpec> }
  | { readonly set: Partial<ApplicationSpec> }
  | { readonly command: Verb; readonly version?: string }
  /** What a check is answered. */
  | { readonly measure: number }
  /** A pod of that version is deleted, as by a node that goes; none where it has none. */
  | { readonly lose: string }
  /** How many sessions the gateways count of each version from now on. */
  | { readonly sessions: Readonly<Record<string, number>> }
  | { readonly seconds: number }
  | { readonly see: Seen };

export interface Script {
  readonly name: string;
  readonly strategy: Strategy;
  readonly spec?: Partial<ApplicationSpec> | undefined;
  /** Version 1, of this image, has had its time already. Absent: `a`, and so it serves. */
  readonly first?: string | undefined;
  readonly deeds: readonly Deed[];
}

const settled = 12;

/** How what is seen is held against what should be. */
type Compare = (seen: Required<Seen>, wanted: Seen) => void;

export async function play({ strategy, spec, first = 'a', deeds }: Script, compare: Compare): Promise<void> {
  const cluster = await createDeliveryCluster();
  try {
    const actor = new Actor(cluster, { strategy, spec, compare });
    for (const deed of [{ measure: 0 }, { deploy: first }, { seconds: settled }, ...deeds]) await actor.perform(deed);
  } finally {
    await cluster.stop();
  }
}

class Actor {
  readonly #cluster: DeliveryCluster;
  readonly #compare: Compare;
  #spec: Partial<ApplicationSpec>;

  constructor(
    cluster: DeliveryCluster,
    { strategy, spec = {}, compare }: Pick<Script, 'strategy' | 'spec'> & { readonly compare: Compare },
  ) {
    this.#cluster = cluster;
    this.#compare = compare;
    this.#spec = {
      replicas: 4,
      service: { ports: [{ port: 80 }] },
      route: { hosts: ['shop.localhost'] },
      healthCheck: { path: '/health', type: 'probe', timeoutSeconds: 5 },
      strategy,
      progressDeadlineSeconds: 30,
      guardSeconds: 5,
      drainSeconds: 1,
      keepFailedSeconds: 1,
      ...spec,
    };
  }

  async perform(deed: Deed): Promise<void> {
    if ('deploy' in deed) {
      const template = { spec: { containers: [{ name: 'web', image: deed.deploy }] } };
      await this.#ask({ template, ...deed.with });
    } else if ('set' in deed) await this.#ask(deed.set);
    else if ('command' in deed) await this.#cluster.command(deed.command, deed.version);
    else if ('measure' in deed) this.#cluster.metrics.set('/errors', JSON.stringify({ rate: deed.measure }));
    else if ('lose' in deed) await this.#lose(deed.lose);
    else if ('sessions' in deed) await this.#cluster.countSessions(deed.sessions);
    else if ('seconds' in deed) await this.#cluster.advance(deed.seconds * 1_000);
    else this.#compare(await this.#look(), deed.see);
  }

  async #ask(more: Partial<ApplicationSpec>): Promise<void> {
    this.#spec = { ...this.#spec, ...more };
    await this.#cluster.deploy(this.#spec);
  }

  async #lose(version: string): Promise<void> {
    const { client } = this.#cluster;
    const labelSelector = `slipway.dev/release=shop-${version}`;
    const [lost] = (await client.list(pods, { namespace: 'default', labelSelector })).items;
    if (lost !== undefined) await client.delete(pods, keyOf(lost), { gracePeriodSeconds: 0 });
  }

  async #look(): Promise<Required<Seen>> {
    const { client } = this.#cluster;
    const all = (await client.list(releases, { namespace: 'default' })).items.toSorted((a, b) =>
      a.spec.version.localeCompare(b.spec.version),
    );
    const { items } = await client.list(pods, { namespace: 'default', labelSelector: 'slipway.dev/release' });
    const sizes = all.map(({ metadata, spec }) => {
      const own = items.filter((pod) => pod.metadata.labels?.['slipway.dev/release'] === metadata.name);
      return { version: spec.version, count: own.length };
    });
    const split = await absentAsUndefined(client.get(splits, { namespace: 'default', name: 'shop' }));
    const backends = (split?.spec.rules[0]?.backends ?? []).filter(({ weight }) => weight > 0);
    const { status } = await this.#cluster.application();
    return {
      serving: status?.serving?.version ?? '',
      weights: backends.map(({ version, weight }) => `${version}:${weight}`).join(' '),
      phases: all.map(({ spec, status }) => `${spec.version} ${status?.phase ?? ''}`).join(', '),
      pods: sizes.flatMap(({ version, count }) => (count === 0 ? [] : [`${version}:${count}`])).join(' '),
      attempts: all
        .flatMap(({ spec, status: own }) => (own?.attempts ?? []).map((each) => describe(spec.version, each)))
        .join(', '),
      scale: status?.replicas ?? 0,
    };
  }
}

function describe(version: string, { cause, outcome }: ReleaseAttempt): string {
  return [version, cause, ...(outcome === undefined ? [] : [outcome])].join(' ');
}
