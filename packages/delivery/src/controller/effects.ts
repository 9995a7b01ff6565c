/** What the effects share: the look that an action was decided on, and the world that it changes. */
import type { Pod, ReplicaSet } from '@slipway/kube/api.generated';
import type { KubeClient } from '@slipway/kube/client';
import type { Clock } from '@slipway/kube/clock';
import type { EventRecorder } from '@slipway/kube/event-recorder';
import { StatusError } from '@slipway/kube/status-error';
import type { Release } from '../api/release.ts';
import type { HealthReach } from '../gates/ask-health.ts';
import type { HealthQuestions } from '../gates/health-questions.ts';
import type { TakenMeasurement } from '../gates/metric/check-state.ts';
import type { Measurements } from '../gates/metric/measurements.ts';
import type { HookFinding } from '../hooks/hook-finding.ts';
import type { WebhookCalls } from '../hooks/webhook-calls.ts';
import { replicaSetName } from '../names.ts';
import type { HeardAnswer, Observation, Trial } from '../observation.ts';
import type { ActionOf, ActionType } from '../plan.ts';
import { nameOf } from '../release-context.ts';

export interface Effects {
  readonly client: KubeClient;
  readonly clock: Clock;
  readonly recorder: EventRecorder;
  readonly healthReach?: HealthReach | undefined;
  readonly healthQuestions: Pick<HealthQuestions, 'begin'>;
  /** Receives what pods answered, for the next look. */
  readonly onAnswer: (podUid: string, answer: HeardAnswer) => void;
  /** Receives how the API server took what spec asks for. */
  readonly onTrial: (trial: Trial) => void;
  readonly measurements: Pick<Measurements, 'begin'>;
  readonly onMeasured: (key: string, taken: TakenMeasurement) => void;
  readonly webhookCalls: Pick<WebhookCalls, 'begin'>;
  /** Receives what was found out about a run of a hook. */
  readonly onHookFinding: (key: string, finding: HookFinding) => void;
}

export interface Look extends Effects {
  readonly observation: Observation;
}

export type Effect<Type extends ActionType> = (action: ActionOf<Type>, look: Look) => Promise<void> | void;

export function releaseOf({ observation }: Pick<Look, 'observation'>, name: string): Release {
  const release = observation.releases.find((each) => nameOf(each) === name);
  if (release === undefined) throw new StatusError('NotFound', `release ${name} is gone`);
  return release;
}

/** As it was seen: a write carries its resourceVersion, a delete its uid too. */
export function replicaSetOf(look: Pick<Look, 'observation'>, release: string): ReplicaSet {
  const name = replicaSetName(releaseOf(look, release).spec);
  const found = look.observation.replicaSets.find(({ metadata }) => metadata.name === name);
  if (found === undefined) throw new StatusError('NotFound', `the ReplicaSet ${name} is gone`);
  return found;
}

export function podsOf({ observation }: Pick<Look, 'observation'>, names: readonly string[]): readonly Pod[] {
  const chosen = new Set(names);
  return observation.pods.filter(({ metadata }) => chosen.has(metadata.name ?? ''));
}
