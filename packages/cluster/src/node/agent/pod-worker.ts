import type { Pod, PodStatus } from '@slipway/kube/api.generated';
import { isConditionTrue } from '@slipway/kube/conditions';
import { keyOf } from '@slipway/kube/object';
import { ContainerProbes } from '../probes/container-probes.ts';
import type { ContainerExit } from '../runtime.ts';
import { isTakenOut } from './container-readiness.ts';
import { performAction } from './pod-effects.ts';
import { advance, begin, type PodFact } from './pod-facts.ts';
import type { PodHost } from './pod-host.ts';
import type { PodAction, PodPlan } from './pod-plan.ts';
import { parseContainerId, sandboxOf, specOf, type PodRecord } from './pod-record.ts';
import { calculatePodStatus, isBeginning } from './pod-status.ts';
import { reconcilePod } from './reconcile-pod.ts';
import type { EndedInstance } from './termination-message.ts';

/** Until a pod is said to be beginning: most run before, and two things would be written of each. */
const firstReportMilliseconds = 250;
/** Plans settle in two or three rounds; more would mean that beginning an action does not make it begun. */
const maxRounds = 20;

/** The shell of one pod: hears facts, asks `reconcilePod`, carries out, reports the status. */
export class PodWorker {
  readonly #host: PodHost;
  #record: PodRecord;
  #reported: PodStatus | undefined;
  #cancelWake: (() => void) | undefined;
  #cancelFirstReport: (() => void) | undefined;
  #isReportDue = false;
  readonly #probes = new Map<string, ContainerProbes>();
  /** Of containers whose start has not been reported yet. */
  readonly #earlyExits = new Map<string, ContainerExit>();

  constructor(host: PodHost, record: PodRecord) {
    this.#host = host;
    this.#record = record;
  }

  get record(): PodRecord {
    return this.#record;
  }

  start(): void {
    this.#settle();
  }

  tell(fact: PodFact): void {
    this.#record = advance(this.#record, fact, this.#host.clock.now());
    this.#settle();
    if (fact.kind === 'containerStarted') this.#replayExit(fact.containerId);
  }

  /** What the API now has. */
  update(pod: Pod): void {
    if (pod.metadata.resourceVersion !== this.#record.pod.metadata.resourceVersion)
      this.tell({ kind: 'podChanged', pod });
  }

  exited(exit: ContainerExit): void {
    void this.#report(exit);
  }

  /** The agent ends; the pod lives on. */
  detach(): void {
    this.#cancelWake?.();
    this.#cancelFirstReport?.();
    for (const probes of this.#probes.values()) probes.stop();
    this.#probes.clear();
  }

  async #report(exit: ContainerExit): Promise<void> {
    const instance = parseContainerId(exit.containerId);
    const container = this.#record.containers.find(({ name }) => name === instance?.name);
    if (instance === undefined || container === undefined) return;
    if (container.state.kind === 'starting') {
      this.#earlyExits.set(exit.containerId, exit);
      return;
    }
    const logClosed = this.#host.logs.close(instance);
    const message = await this.#readMessage(exit, { pod: this.#record.pod, instance, logClosed });
    if (exit.oomKilled) this.#announceOutOfMemory(container.name);
    this.tell({ kind: 'containerExited', name: container.name, exit, message });
  }

  #announceOutOfMemory(container: string): void {
    const { pod } = this.#record;
    const limit = specOf(pod, container)?.resources?.limits?.['memory'];
    const message = `Container ${container} was killed because it used more memory than its limit of ${limit}`;
    this.#host.events.event(pod, { type: 'Warning', reason: 'OOMKilled', message, container });
  }

  async #readMessage(exit: ContainerExit, ended: EndedInstance): Promise<string | undefined> {
    try {
      return await this.#host.messages.take(exit, ended);
    } catch (error) {
      // That it ended must be known even where what it said cannot be read.
      const { name } = ended.instance;
      this.#host.logger.warn('The termination message of a container could not be read', {
        ...keyOf(ended.pod),
        kind: 'Pod',
        container: name,
        error,
      });
      return undefined;
    }
  }

  #replayExit(containerId: string): void {
    const exit = this.#earlyExits.get(containerId);
    this.#earlyExits.delete(containerId);
    if (exit !== undefined) this.exited(exit);
  }

  #settle(): void {
    this.#cancelWake?.();
    const { actions, wakeAt } = this.#decide();
    this.#followContainers();
    this.#publish();
    this.#wake(wakeAt);
    for (const action of actions) this.#perform(action);
  }

  /** Decides until nothing is left to begin: an action such as ending the pod has others in its train. */
  #decide(): PodPlan {
    const now = this.#host.clock.now();
    const actions: PodAction[] = [];
    for (let round = 0; round < maxRounds; round++) {
      const plan = reconcilePod(this.#record, now);
      if (plan.actions.length === 0) return { actions, wakeAt: plan.wakeAt };
      for (const action of plan.actions) this.#record = begin(this.#record, action, now);
      actions.push(...plan.actions);
    }
    throw new Error(
      `the plan of pod ${this.#record.pod.metadata.name ?? ''} does not settle; it repeats ${JSON.stringify(actions.at(-1))}`,
    );
  }

  #wake(wakeAt: number | undefined): void {
    if (wakeAt === undefined) return;
    const { clock } = this.#host;
    this.#cancelWake = clock.schedule(Math.max(0, Math.min(wakeAt - clock.now(), 2 ** 31 - 1)), () => this.#settle());
  }

  #perform(action: PodAction): void {
    const context = { host: this.#host, record: () => this.#record, tell: (fact: PodFact) => this.tell(fact) };
    performAction(action, context).catch((error: unknown) => {
      this.#host.logger.error('An action on a pod failed', {
        ...keyOf(this.#record.pod),
        kind: 'Pod',
        action: action.kind,
        error,
      });
    });
  }

  #publish(): void {
    const { pod, gone, termination, finalising } = this.#record;
    if (gone || finalising || termination?.reason === 'shutdown') return;
    if (this.#waitsWithReport()) return;
    const { statuses, runtime, nodeIP, clock } = this.#host;
    const when = { runtimeName: runtime.name, nodeIP, reported: this.#reported, now: clock.now() };
    const before = this.#reported;
    this.#reported = calculatePodStatus(this.#record, when);
    if (isReady(this.#reported) && !isReady(before)) runtime.noteReady?.();
    statuses.put(pod, this.#reported);
  }

  #waitsWithReport(): boolean {
    if (this.#isReportDue || this.#reported !== undefined || !isBeginning(this.#record)) return false;
    this.#cancelFirstReport ??= this.#host.clock.schedule(firstReportMilliseconds, () => {
      this.#isReportDue = true;
      this.#publish();
    });
    return true;
  }

  /**
   * Probes run while a container does: not before postStart is done, and not once it is taken out of traffic. In a pod that
   * ends nothing is replaced, so that only readiness is asked for.
   */
  #followContainers(): void {
    const probed = new Set<string>();
    for (const { name, state } of this.#record.containers) {
      if (state.kind !== 'running' || state.postStart !== 'done' || isTakenOut(this.#record, state)) continue;
      probed.add(state.containerId);
      if (!this.#probes.has(state.containerId)) this.#startProbes(name, state);
      if (this.#record.termination !== undefined) this.#probes.get(state.containerId)?.keepReadiness();
    }
    for (const [containerId, probes] of this.#probes) {
      if (probed.has(containerId)) continue;
      probes.stop();
      this.#probes.delete(containerId);
    }
  }

  #startProbes(
    name: string,
    { containerId, startedAt }: { readonly containerId: string; readonly startedAt: number },
  ): void {
    const { clock, prober, events } = this.#host;
    const container = specOf(this.#record.pod, name);
    if (container === undefined) return;
    const probes = new ContainerProbes({
      clock,
      prober,
      startedAt,
      target: () => ({ pod: this.#record.pod, container, containerId, podIP: sandboxOf(this.#record)?.podIP ?? '' }),
      onVerdict: (probe, success) => this.tell({ kind: 'probed', name, containerId, probe, success }),
      onEvent: (reason, message) =>
        events.event(this.#record.pod, { type: 'Warning', reason, message, container: name }),
    });
    this.#probes.set(containerId, probes);
    probes.start();
  }
}

function isReady(status: PodStatus | undefined): boolean {
  return isConditionTrue(status?.conditions, 'Ready');
}
