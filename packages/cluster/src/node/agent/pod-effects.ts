/** Carries out what was decided for a pod. Each effect ends with the fact that it made true; a failure is such a fact too. */
import type { LifecycleHandler, Pod } from '@slipway/kube/api.generated';
import { delay } from '@slipway/kube/clock';
import { messageOf } from '@slipway/kube/message-of';
import { keyOf } from '@slipway/kube/object';
import { VolumeError } from '../volumes/volume-error.ts';
import type { HookTarget } from './lifecycle-hook.ts';
import type { PodFact } from './pod-facts.ts';
import type { PodHost } from './pod-host.ts';
import type { PodAction } from './pod-plan.ts';
import { describePod, sandboxOf, specOf, targetOf, type PodRecord, type Termination } from './pod-record.ts';
import { calculateHostLines, calculateHostNames, calculateResolvConf, hostnameOf } from './resolver-config.ts';

/** The worker, as its effects see it. */
export interface EffectContext {
  readonly host: PodHost;
  readonly record: () => PodRecord;
  readonly tell: (fact: PodFact) => void;
}

const removalRetry = 1000;

export async function performAction(action: PodAction, context: EffectContext): Promise<void> {
  const { calm } = context.host;
  switch (action.kind) {
    case 'prepareVolumes':
      return calm.during(() => prepareVolumes(context));
    case 'createSandbox':
      return calm.during(() => createSandbox(context));
    case 'startContainer':
      return calm.during(() => startContainer(action.name, action.attempt, context));
    case 'runPostStart':
      return runPostStart(action.name, context);
    case 'runPreStop':
      return runPreStop(action.name, action.milliseconds, context);
    case 'signalContainer':
      return signalContainer(action.name, action.signal, context);
    case 'awaitEndpointsGone':
      return awaitEndpointsGone(action.milliseconds, context);
    case 'removeSandbox':
      return removeSandbox(context);
    case 'finalise':
      return finalise(context);
    case 'stopContainer':
    case 'terminatePod':
    case 'reportCrashBackOff':
    case 'reportImageBackOff':
      return announce(action, context);
  }
}

type Announcement = Extract<
  PodAction,
  { kind: 'stopContainer' | 'terminatePod' | 'reportCrashBackOff' | 'reportImageBackOff' }
>;

/** What is said only; the record already knows. */
function announce(action: Announcement, { host, record }: EffectContext): void {
  const { pod } = record();
  switch (action.kind) {
    case 'stopContainer':
      host.events.event(pod, { type: 'Normal', reason: 'Killing', message: action.message, container: action.name });
      break;
    case 'reportCrashBackOff': {
      const message = `Back-off restarting failed container ${action.name} in pod ${describePod(pod)}`;
      host.events.event(pod, { type: 'Warning', reason: 'BackOff', message, container: action.name });
      break;
    }
    case 'reportImageBackOff': {
      const message = `Back-off pulling image "${specOf(pod, action.name)?.image ?? ''}"`;
      host.events.event(pod, { type: 'Normal', reason: 'BackOff', message, container: action.name });
      host.events.event(pod, {
        type: 'Warning',
        reason: 'Failed',
        message: 'Error: ImagePullBackOff',
        container: action.name,
      });
      break;
    }
    case 'terminatePod':
      announceEnd(action.reason, host, record());
      break;
  }
}

function announceEnd(reason: Termination['reason'], { events }: PodHost, { pod, overLimit }: PodRecord): void {
  if (reason === 'evicted') events.event(pod, { type: 'Warning', reason: 'Evicted', message: overLimit ?? '' });
  if (reason !== 'deadlineExceeded') return;
  const message = 'Pod was active on the node longer than the specified deadline';
  events.event(pod, { type: 'Normal', reason: 'DeadlineExceeded', message });
}

async function prepareVolumes({ host, record, tell }: EffectContext): Promise<void> {
  const { pod } = record();
  try {
    await host.volumes.prepare(pod);
    tell({ kind: 'volumesReady' });
  } catch (error) {
    const message =
      error instanceof VolumeError
        ? `MountVolume.SetUp failed for volume "${error.volume}" : ${error.message}`
        : messageOf(error);
    host.events.event(pod, { type: 'Warning', reason: 'FailedMount', message });
    tell({ kind: 'volumesFailed' });
  }
}

async function createSandbox({ host, record, tell }: EffectContext): Promise<void> {
  const { pod } = record();
  try {
    const sandbox = await host.starts.run(() => host.runtime.createSandbox(sandboxRequest(pod, host)));
    tell({ kind: 'sandboxReady', sandbox });
  } catch (error) {
    const message = `Failed to create pod sandbox: ${messageOf(error)}`;
    host.events.event(pod, { type: 'Warning', reason: 'FailedCreatePodSandBox', message });
    tell({ kind: 'sandboxFailed' });
  }
}

function sandboxRequest(pod: Pod, { dns }: PodHost) {
  return {
    podUid: pod.metadata.uid ?? '',
    namespace: pod.metadata.namespace ?? '',
    name: pod.metadata.name ?? '',
    hostname: hostnameOf(pod, dns),
    hostNames: calculateHostNames(pod, dns),
    hostNetwork: pod.spec?.hostNetwork ?? false,
    sharesProcesses: pod.spec?.shareProcessNamespace,
    hosts: calculateHostLines(pod),
    resolvConf: calculateResolvConf(pod, dns),
    annotations: pod.metadata.annotations,
  };
}

async function startContainer(name: string, attempt: number, { host, record, tell }: EffectContext): Promise<void> {
  const { pod } = record();
  const container = specOf(pod, name);
  const sandbox = sandboxOf(record());
  if (container === undefined || sandbox === undefined) {
    tell({ kind: 'startAbandoned', name });
    return;
  }
  const isWanted = (): boolean => record().termination === undefined;
  const target = targetOf(record(), name);
  tell(await host.starter.start({ pod, container, attempt, sandbox, target, isWanted }));
}

async function runPostStart(name: string, context: EffectContext): Promise<void> {
  const found = hookTarget(name, context);
  if (found?.container.lifecycle?.postStart === undefined) return;
  const { containerId } = found;
  try {
    // The kubelet sets no limit; the end of the container ends its hook.
    await runHook(found.container.lifecycle.postStart, { found, milliseconds: 2 ** 31 - 1 }, context);
    context.tell({ kind: 'postStartDone', name, containerId, success: true });
  } catch (error) {
    context.host.logger.info('A postStart hook failed', { ...keyOf(found.pod), kind: 'Pod', container: name, error });
    context.host.events.event(found.pod, {
      type: 'Warning',
      reason: 'FailedPostStartHook',
      message: 'PostStartHook failed',
      container: name,
    });
    context.tell({ kind: 'postStartDone', name, containerId, success: false });
  }
}

async function runPreStop(name: string, milliseconds: number, context: EffectContext): Promise<void> {
  const found = hookTarget(name, context);
  if (found?.container.lifecycle?.preStop === undefined) return;
  try {
    await runHook(found.container.lifecycle.preStop, { found, milliseconds }, context);
  } catch (error) {
    context.host.logger.info('A preStop hook failed', { ...keyOf(found.pod), kind: 'Pod', container: name, error });
    context.host.events.event(found.pod, {
      type: 'Warning',
      reason: 'FailedPreStopHook',
      message: 'PreStopHook failed',
      container: name,
    });
  }
  context.tell({ kind: 'preStopDone', name, containerId: found.containerId });
}

async function runHook(
  handler: LifecycleHandler,
  { found, milliseconds }: { readonly found: HookTarget; readonly milliseconds: number },
  { host }: EffectContext,
): Promise<void> {
  const warning = await host.hooks.run(handler, found, milliseconds);
  if (warning === undefined) return;
  host.events.event(found.pod, { type: 'Warning', ...warning });
}

function hookTarget(name: string, { record }: EffectContext): HookTarget | undefined {
  const now = record();
  const container = specOf(now.pod, name);
  const state = now.containers.find((each) => each.name === name)?.state;
  if (container === undefined || state?.kind !== 'running') return undefined;
  return { pod: now.pod, container, containerId: state.containerId, podIP: sandboxOf(now)?.podIP ?? '' };
}

async function signalContainer(name: string, signal: string, context: EffectContext): Promise<void> {
  const state = context.record().containers.find((each) => each.name === name)?.state;
  if (state?.kind !== 'running') return;
  try {
    await context.host.runtime.signalContainer(state.containerId, signal);
  } catch (error) {
    // The sandbox is removed in the end, with what still runs in it.
    context.host.logger.error('A container could not be signalled', {
      ...keyOf(context.record().pod),
      kind: 'Pod',
      container: name,
      signal,
      error,
    });
  }
}

async function awaitEndpointsGone(milliseconds: number, { host, record, tell }: EffectContext): Promise<void> {
  const { pod } = record();
  const limit = new AbortController();
  const gone = host.endpointsGone(pod).catch((error: unknown) => {
    host.logger.warn('It is not known whether a pod still gets requests', { ...keyOf(pod), kind: 'Pod', error });
  });
  await Promise.race([gone, delay(host.clock, milliseconds, limit.signal).catch(() => undefined)]);
  limit.abort();
  tell({ kind: 'endpointsGone' });
}

async function removeSandbox({ host, record, tell }: EffectContext): Promise<void> {
  const { pod } = record();
  await retried(host, 'A pod sandbox could not be removed', pod, () =>
    host.runtime.removeSandbox(pod.metadata.uid ?? ''),
  );
  tell({ kind: 'sandboxRemoved' });
}

async function finalise({ host, record }: EffectContext): Promise<void> {
  const { pod, gone, termination } = record();
  const podUid = pod.metadata.uid ?? '';
  if (termination?.reason !== 'shutdown') {
    if (!gone) {
      await host.statuses.flush(podUid);
      await retried(host, 'A pod that ended could not be deleted', pod, () => host.deleteObject(pod));
    }
    await retried(host, 'The files of a pod could not be removed', pod, () => host.volumes.remove(podUid));
  }
  host.statuses.forget(podUid);
  host.onFinalised(podUid);
}

async function retried(host: PodHost, complaint: string, pod: Pod, attempt: () => Promise<void>): Promise<void> {
  while (!host.signal.aborted) {
    try {
      await attempt();
      return;
    } catch (error) {
      host.logger.error(`${complaint}; it is tried again`, { ...keyOf(pod), kind: 'Pod', error });
      await delay(host.clock, removalRetry, host.signal).catch(() => undefined);
    }
  }
}
