/** Delivery with everything it meets, in virtual time: the API in memory, controllers, simulated pods and a gateway. */
import type { Pod } from '@slipway/kube/api.generated';
import type { KubeClient, RawRequest, RawResponse, WriteOptions } from '@slipway/kube/client';
import { formatMicroTime, type Clock } from '@slipway/kube/clock';
import { findCondition } from '@slipway/kube/conditions';
import { Informer } from '@slipway/kube/informer';
import { silentLogger } from '@slipway/kube/logger';
import { apiVersionOf, keyOf, type KubeObject, type ResourceType } from '@slipway/kube/object';
import { events, leases, secrets } from '@slipway/kube/resources';
import { absentAsUndefined, StatusError } from '@slipway/kube/status-error';
import { carriersOf, gatewayLeaseLabel, gatewayLeaseNamespace, splits, type Split } from '@slipway/kube/split';
import { createControlledCluster, type ControlledCluster } from '../../cluster/testing/controlled-cluster.ts';
import type { PodEnd } from '../../cluster/testing/pod-simulator.ts';
import { applications, type Application, type ApplicationSpec } from '../src/api/application.ts';
import type { DeliveryCondition, DeliveryConditionType } from '../src/api/condition.ts';
import { createCommand, releaseCommands, type Verb } from '../src/api/release-command.ts';
import { releases, type Release } from '../src/api/release.ts';
import { installKinds } from '../src/install-kinds.ts';
import { loadCompile } from '../src/gates/metric/load-compile.ts';
import type { MeasuringPorts } from '../src/gates/metric/take-measurement.ts';
import type { PostQuestion } from '../src/hooks/http-post.ts';
import type { WebhookPorts } from '../src/hooks/webhook-call.ts';
import { labels } from '../src/names.ts';
import { isTellingOfApplication, isTellingOfRelease } from '../src/status/status-writes.ts';
import { startDelivery } from '../src/start-delivery.ts';

export interface DeliveryCluster extends ControlledCluster {
  deploy(spec: Partial<ApplicationSpec>): Promise<void>;
  application(): Promise<Application>;
  release(version: string): Promise<Release>;
  /** Status, reason and message of a condition of the Application. */
  condition(type: DeliveryConditionType): Promise<Pick<DeliveryCondition, 'status' | 'reason' | 'message'> | undefined>;
  command(verb: Verb, version?: string): Promise<void>;
  /** The controller is killed, and another one is there after so long. */
  away(milliseconds: number, meanwhile?: () => Promise<void>): Promise<void>;
  /** What a check that asks the web is answered, by path; absent: 404. */
  readonly metrics: Map<string, string>;
  /** The gateway says from now on how many sessions each version has; undefined: that it does not know. */
  countSessions(counts: Readonly<Record<string, number | undefined>>): Promise<void>;
  /** What webhooks were sent, and the status that each next call is answered; without one 200. */
  readonly webhooks: { readonly calls: PostQuestion[]; readonly codes: number[] };
  /** Kinds of which the controller may read no object by name. */
  readonly unreadable: Set<string>;
  /** Writes of the delivery controller so far, renewals of its lease aside. */
  readonly deliveryWrites: number;
  /** Those of them that are actions. */
  readonly deliveryActions: number;
}

const key = { namespace: 'default', name: 'shop' };

export interface DeliveryClusterOptions {
  /** The controller ends after that write and another one is started. */
  readonly crashAfterWrites?: number | undefined;
  /**
   * The controller of that number, from 0, ends after so many actions, and the next one is started. No action is what may be
   * lost: a trial, an event, a status that only tells how things stand, and how long something has been waited for.
   */
  readonly actionsOfLife?: ((life: number) => number) | undefined;
  /** What watches over the writes of the delivery controller. */
  readonly watched?: ((client: KubeClient, clock: Clock) => KubeClient) | undefined;
  /** How it writes, where that is no way to write: each write of its own is one after which the controller may end. */
  readonly hand?: ((client: KubeClient) => KubeClient) | undefined;
}

export async function createDeliveryCluster({
  crashAfterWrites,
  actionsOfLife = () => Infinity,
  watched = (client) => client,
  hand = (client) => client,
}: DeliveryClusterOptions = {}): Promise<DeliveryCluster> {
  const cluster = await createControlledCluster({ endsBy: endOfHook, readyAfter });
  const { client, clock } = cluster;
  const stopping = new AbortController();
  await installKinds(client, stopping.signal);
  const unreadable = new Set<string>();
  const gateway = await runGateway(client, cluster, stopping.signal);
  const metrics = new Map<string, string>();
  const compile = await loadCompile();
  const measuringPorts = async (): Promise<MeasuringPorts> => ({
    clock,
    compile,
    httpGet: async ({ url }) => {
      const body = metrics.get(url.pathname);
      return { status: body === undefined ? 404 : 200, body: body ?? '' };
    },
    readSecret: () => Promise.reject(new Error('there are no Secrets here')),
  });
  const webhooks: DeliveryCluster['webhooks'] = { calls: [], codes: [] };
  const webhookPorts: WebhookPorts = {
    clock,
    post: async (question) => {
      webhooks.calls.push(question);
      return { status: webhooks.codes.shift() ?? 200, start: 'heard' };
    },
    readSecret: (name) => client.get(secrets, name),
  };
  const count = { writes: 0, actions: 0, commands: 0, lives: 0 };
  const current = { life: new AbortController() };
  const begin = (): void => {
    const life = new AbortController();
    current.life = life;
    const signal = AbortSignal.any([life.signal, stopping.signal]);
    let left = actionsOfLife(count.lives);
    count.lives += 1;
    const mortal = answering(
      watched(client, clock),
      ({ isAction }) => {
        count.writes += 1;
        count.actions += isAction ? 1 : 0;
        left -= isAction ? 1 : 0;
        // What was under way when it ended is no write of another life.
        if ((count.writes !== crashAfterWrites && left > 0) || life.signal.aborted) return;
        life.abort(new Error('killed'));
        clock.schedule(100, begin);
      },
      signal,
    );
    const guarded = hand(mortal);
    startDelivery({
      client: {
        ...guarded,
        get: (type, ...rest) =>
          unreadable.has(type.kind)
            ? Promise.reject(new StatusError('Forbidden', `no ${type.plural} may be read`))
            : guarded.get(type, ...rest),
      },
      clock,
      random: () => 0.5,
      logger: silentLogger,
      identity: 'test',
      measuringPorts,
      webhookPorts,
      signal,
    });
  };
  begin();
  await cluster.advance(100);
  return {
    ...cluster,
    metrics,
    webhooks,
    unreadable,
    countSessions: gateway.countSessions,
    get deliveryWrites() {
      return count.writes;
    },
    get deliveryActions() {
      return count.actions;
    },
    deploy: async (spec) => {
      const body = { apiVersion: 'slipway.dev/v1alpha1', kind: 'Application', metadata: key, spec };
      await client.patch(applications, key, { type: 'apply', body, force: true }, { fieldManager: 'test' });
    },
    application: () => client.get(applications, key),
    condition: async (type) => {
      const { status } = await client.get(applications, key);
      const found = findCondition(status?.conditions, type);
      return found && { status: found.status, reason: found.reason, message: found.message };
    },
    command: async (verb, version) => {
      count.commands += 1;
      const name = `${verb}-${count.commands}`;
      await client.create(releaseCommands, createCommand(verb, 'shop', { namespace: 'default', name, version }));
    },
    away: async (milliseconds, meanwhile = async () => undefined) => {
      current.life.abort(new Error('killed'));
      await meanwhile();
      clock.schedule(milliseconds, begin);
      await cluster.advance(milliseconds);
    },
    release: (version) => client.get(releases, { namespace: 'default', name: `shop-${version}` }),
    stop: async () => {
      stopping.abort(new Error('the test has ended'));
      await cluster.stop();
    },
  };
}

/** Pods of an image that says so take their time, or are never ready. */
function readyAfter({ spec }: Pod): number | undefined {
  switch (spec?.containers[0]?.image) {
    case 'stuck':
      return undefined;
    case 'slow':
      return 20_000;
    default:
      return 100;
  }
}

/** Pods of a hook do what their image is named for; those of an endless one run until they are stopped. */
function endOfHook({ metadata, spec }: Pod): PodEnd | undefined {
  const image = spec?.containers[0]?.image;
  if (metadata.labels?.[labels.hook] === undefined || image === 'endless') return undefined;
  return { after: 1_000, exitCode: image === 'broken' ? 3 : 0 };
}

/** Pods of an image that says so are not healthy. A killed process writes nothing more. */
function answering(
  client: KubeClient,
  onWrite: (write: { readonly isAction: boolean }) => void,
  signal: AbortSignal,
): KubeClient {
  const write = async <T>(
    { kind }: ResourceType,
    perform: () => Promise<T>,
    options: WriteOptions = {},
    isTelling: (written: T) => Promise<boolean> | boolean = () => false,
  ): Promise<T> => {
    signal.throwIfAborted();
    const result = await perform();
    const isAction = options.dryRun !== true && kind !== events.kind && !(await isTelling(result));
    // Renewals depend on the time alone; the crashes are to fall between writes of a release.
    if (kind !== leases.kind) onWrite({ isAction });
    signal.throwIfAborted();
    return result;
  };
  const patch: KubeClient['patch'] = (type, key, body, options) => {
    // Asked first, and not waited for: what is sent beside an action is on its way when that has been done.
    const before = absentAsUndefined(client.get(type, key));
    const isTelling = async (written: KubeObject): Promise<boolean> => isTold(await before, written);
    return write(type, () => client.patch(type, key, body, options), options, isTelling);
  };
  return {
    get: (...args) => client.get(...args),
    list: (...args) => client.list(...args),
    watch: (...args) => client.watch(...args),
    request: (request) => answerHealth(client, request),
    create: (...args) => write(args[0], () => client.create(...args), args[2]),
    update: (...args) => write(args[0], () => client.update(...args)),
    patch,
    delete: (...args) => write(args[0], () => client.delete(...args)),
    deleteCollection: (...args) => write(args[0], () => client.deleteCollection(...args)),
  };
}

/**
 * A change of a status that says nothing which later looks decide by, or how long a release has waited by now; and no change
 * at all, which only asks whether everything is as it was seen.
 */
function isTold(before: KubeObject | undefined, after: KubeObject): boolean {
  if (before?.metadata.resourceVersion === after.metadata.resourceVersion) return true;
  const [old, next] = [before, after].map((each) => {
    const status = each !== undefined && 'status' in each ? each.status : undefined;
    return isRecord(status) ? { ...status, countedAt: undefined } : undefined;
  });
  if (old === undefined || next === undefined) return false;
  return isTellingOfRelease(next, old) || isTellingOfApplication(next, old);
}

function isRecord(value: unknown): value is object {
  return typeof value === 'object' && value !== null;
}

async function answerHealth(client: KubeClient, { path }: RawRequest): Promise<RawResponse> {
  const name = /pods\/([^/:]+)/.exec(path)?.[1] ?? '';
  const pod = await client.get(
    { group: '', version: 'v1', kind: 'Pod', plural: 'pods', namespaced: true },
    { namespace: 'default', name },
  );
  const isBroken = JSON.stringify(pod).includes('"image":"broken"');
  return { status: 200, headers: {}, body: once(JSON.stringify({ healthy: !isBroken })) };
}

interface TestGateway {
  readonly countSessions: DeliveryCluster['countSessions'];
}

async function runGateway(client: KubeClient, { clock }: ControlledCluster, signal: AbortSignal): Promise<TestGateway> {
  const name = 'gateway-0';
  const spec = { holderIdentity: name, leaseDurationSeconds: 86_400, renewTime: formatMicroTime(clock.now()) };
  await client.create(leases, {
    metadata: { name, namespace: gatewayLeaseNamespace, labels: { [gatewayLeaseLabel]: 'true' } },
    spec,
  });
  const informer = new Informer({ client, type: splits, clock });
  let counts: Readonly<Record<string, number | undefined>> = {};
  const report = async (split: Split): Promise<void> => {
    const observedGeneration = split.metadata.generation ?? 0;
    const instance = { name, observedGeneration, inForceSince: formatMicroTime(clock.now()) };
    const [rule] = split.spec.rules;
    const backends = (rule?.sessions === undefined ? [] : rule.backends).map(({ service, version }) => {
      const sessions = counts[version];
      return { service, version, openConnections: 0, openRequests: 0, ...(sessions === undefined ? {} : { sessions }) };
    });
    const status = { instances: [{ ...instance, ...(backends.length === 0 ? {} : { backends }) }] };
    const { metadata } = split;
    const body = { apiVersion: apiVersionOf(splits), kind: splits.kind, metadata: keyOf(split), status };
    const options = { subresource: 'status', fieldManager: name };
    // One that is gone by now is not made again.
    const whole = { ...body, metadata: { ...body.metadata, uid: metadata.uid } };
    await client.patch(splits, keyOf(split), { type: 'apply', body: whole, force: true }, options);
  };
  informer.onChange(({ current }) => {
    const observedGeneration = current?.metadata.generation;
    if (
      current === undefined ||
      observedGeneration === undefined ||
      !carriersOf(current.spec).includes('gateway') ||
      current.status?.instances?.find((each) => each.name === name)?.observedGeneration === observedGeneration
    )
      return;
    report(current).catch((error: unknown) => {
      if (!signal.aborted) throw error;
    });
  });
  informer.start(signal);
  return {
    countSessions: async (now) => {
      counts = now;
      for (const split of informer.list()) await report(split);
    },
  };
}

async function* once(text: string): AsyncIterable<Uint8Array> {
  yield Buffer.from(text);
}
