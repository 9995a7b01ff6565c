/** Releases as scripts: what is done in what order, and what is seen between. For tables of scenarios in virtual time. */
import type { Clock } from '@slipway/kube/clock';
import { keyOf } from '@slipway/kube/object';
import { pods } from '@slipway/kube/resources';
import { absentAsUndefined } from '@slipway/kube/status-error';
import { splits } from '@slipway/kube/split';
import type { ApplicationSpec, Strategy } from '../src/api/application.ts';
import type { Verb } from '../src/api/release-command.ts';
import { releases, type ReleaseAttempt } from '../src/api/release.ts';
import type { Hand } from './hasty-hands.ts';
import { RuleWatch } from './rule-watch.ts';
import { createDeliveryCluster, type DeliveryCluster } from './delivery-cluster.ts';

/** What a person looks at. */
interface Sight {
  /** The version that has become stable. */
  readonly serving: string;
  /** Of versions with traffic from outside: `1:80 2:20`. */
  readonly weights: string;
  /** Of every release, by version: `1 Succeeded, 2 Paused`. */
  readonly phases: string;
  /** Of every version that has any: `1:4 2:1`. */
  readonly pods: string;
  /** What was tried with every version, and how it ended: `1 deploy Succeeded, 2 deploy RolledBack, 2 retry`. */
  readonly attempts: string;
  /** What an autoscaler is told to count. */
  readonly scale: number;
}

/** What is to be seen; a pattern where more than one thing is right. */
export type Seen = { readonly [Name in keyof Sight]?: Sight[Name] | RegExp };

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
  /**
   * Somebody takes back at once what he has asked for, or asks for something newer: the first may have begun by then or not, or
   * have all traffic already. Killed controllers are later on their way, and both ends are right: who serves is the same.
   */
  readonly isRace?: boolean;
}

const settled = 12;

export interface PlayOptions {
  /** After how many actions the controller of that number, from 0, ends; absent: it lives on. */
  readonly actionsOfLife?: ((life: number) => number) | undefined;
  /** Absent: the engine writes as it does. */
  readonly hand?: Hand | undefined;
  /** Whether it goes on until nothing moves any more, to be held against another end. Absent: it does. */
  readonly isRested?: boolean;
}

export interface Played {
  /** Everything that is to be seen at the end. */
  readonly end: Sight;
  /** How many actions there were. */
  readonly actions: number;
}

/** In which everything comes to an end that moves by itself when the last deed is done. */
const restSeconds = 120;

/** Throws where something else is seen than should be, or a rule of the interlock is broken. */
export async function play({ strategy, spec, first = 'a', deeds }: Script, options: PlayOptions = {}): Promise<Played> {
  const { actionsOfLife, hand, isRested = true } = options;
  const ending = new AbortController();
  let watch: RuleWatch | undefined;
  const watchOf = (clock: Clock): RuleWatch => (watch ??= new RuleWatch(clock));
  const cluster = await createDeliveryCluster({
    actionsOfLife,
    hand,
    watched: (client, clock) => watchOf(clock).watch(client),
  });
  try {
    const rules = watchOf(cluster.clock);
    rules.follow(cluster.client, ending.signal);
    const actor = new Actor(cluster, { strategy, spec, rules, patience: actionsOfLife === undefined ? 0 : 60 });
    for (const deed of [{ measure: 0 }, { deploy: first }, { seconds: settled }, ...deeds]) await actor.perform(deed);
    if (isRested) await cluster.advance(restSeconds * 1_000);
    if (rules.broken.length > 0) throw new Error(`rules are broken: ${rules.broken.join('; ')}`);
    return { end: await actor.look(), actions: cluster.deliveryActions };
  } finally {
    ending.abort(new Error('the play is over'));
    await cluster.stop();
  }
}

interface ActorOptions extends Pick<Script, 'strategy' | 'spec'> {
  readonly rules: RuleWatch;
  /** Seconds within which something comes to be seen. */
  readonly patience: number;
}

class Actor {
  readonly #cluster: DeliveryCluster;
  readonly #rules: RuleWatch;
  readonly #patience: number;
  #spec: Partial<ApplicationSpec>;

  constructor(cluster: DeliveryCluster, { strategy, spec = {}, rules, patience }: ActorOptions) {
    this.#cluster = cluster;
    this.#rules = rules;
    this.#patience = patience;
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
    else await this.#see(deed.see);
  }

  /** Controllers that are killed take a little longer. */
  async #see(wanted: Seen): Promise<void> {
    const step = 250;
    let seen = await this.look();
    for (let waited = 0; !isSeen(seen, wanted) && waited < this.#patience * 1_000; waited += step) {
      await this.#cluster.advance(step);
      seen = await this.look();
    }
    if (!isSeen(seen, wanted)) throw new Error(`seen is ${JSON.stringify(seen)}, and not ${describeSeen(wanted)}`);
  }

  async #ask(more: Partial<ApplicationSpec>): Promise<void> {
    this.#spec = { ...this.#spec, ...more };
    await this.#cluster.deploy(this.#spec);
  }

  async #lose(version: string): Promise<void> {
    const { client } = this.#cluster;
    const labelSelector = `slipway.dev/release=shop-${version}`;
    const [lost] = (await client.list(pods, { namespace: 'default', labelSelector })).items;
    if (lost === undefined) return;
    this.#rules.expectLoss(lost);
    await client.delete(pods, keyOf(lost), { gracePeriodSeconds: 0 });
  }

  async look(): Promise<Sight> {
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

function isSeen(seen: Sight, { serving, weights, phases, pods, attempts, scale }: Seen): boolean {
  const fits = (is: string | number, wanted: string | number | RegExp | undefined): boolean =>
    wanted instanceof RegExp ? wanted.test(String(is)) : wanted === undefined || wanted === is;
  return (
    fits(seen.serving, serving) &&
    fits(seen.weights, weights) &&
    fits(seen.phases, phases) &&
    fits(seen.pods, pods) &&
    fits(seen.attempts, attempts) &&
    fits(seen.scale, scale)
  );
}

function describeSeen(wanted: Seen): string {
  return JSON.stringify(wanted, (_, value: unknown) => (value instanceof RegExp ? String(value) : value));
}

function describe(version: string, { cause, outcome }: ReleaseAttempt): string {
  return [version, cause, ...(outcome === undefined ? [] : [outcome])].join(' ');
}
