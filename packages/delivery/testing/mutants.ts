/** Planners with one fault each. What holds for the engine must be seen to break for every one of them. */
import type { Pod } from '@slipway/kube/api.generated';
import { annotations, labels } from '../src/names.ts';
import { drainingSince, type HeardAnswer, type Observation } from '../src/observation.ts';
import type { Action, Decision } from '../src/plan.ts';
import { reconcileApplication } from '../src/reconcile.ts';
import { attemptOf } from '../src/release-status.ts';
import type { Happening, History } from './history.ts';
import type { Planner } from './looks.ts';

export interface Mutant {
  readonly fault: string;
  readonly planner: Planner;
  /** What is said of it. */
  readonly breaks: RegExp;
  /** A history that shows it, where one in thousands does. */
  readonly example?: History;
}

export function rounds(count: number): readonly Happening[] {
  return Array.from({ length: count }, () => ({ type: 'round' }));
}

export const look: Happening = { type: 'look', stopAfter: Infinity, lag: 0 };

const stuckGateway: History = {
  strategy: { type: 'blueGreen' },
  routed: true,
  replicas: 1,
  happenings: [...rounds(20), { type: 'gatewaySticks', index: 1 }, { type: 'deploy', image: 'b' }, ...rounds(30)],
};

/** Two pods serve, and one is to go. */
const shrinking: Omit<History, 'happenings'> = { strategy: { type: 'blueGreen' }, routed: false, replicas: 2 };
const smaller: readonly Happening[] = [...rounds(20), { type: 'replicas', count: 1 }, look];
const goneAtOnce: readonly Happening[] = [look, look, { type: 'replicaSets' }];
const promptly: History = { ...shrinking, happenings: [...smaller, { type: 'endpoints' }, ...goneAtOnce] };
const setForward: History = {
  ...shrinking,
  happenings: [...smaller, { type: 'endpoints' }, look, { type: 'clock', seconds: 3_600 }, ...goneAtOnce],
};
const lateEndpoints: History = {
  ...shrinking,
  happenings: [...smaller, look, look, { type: 'wait', seconds: 5 }, ...goneAtOnce],
};

/** A pod leaves while a gateway, which goes on confirming the Split, routes by endpoints that still name it. */
const lagging: Omit<History, 'happenings'> = { strategy: { type: 'blueGreen' }, routed: true, replicas: 2 };
const behind: readonly Happening[] = [
  ...rounds(20),
  { type: 'gatewayLags', index: 1 },
  { type: 'replicas', count: 1 },
  look,
  { type: 'endpoints' },
];
const drained: readonly Happening[] = [look, look, { type: 'wait', seconds: 3 }, look, look, { type: 'replicaSets' }];
const laggingGateway: History = { ...lagging, happenings: [...behind, ...drained] };
const laggingLittle: History = { ...lagging, happenings: [...behind, look, { type: 'wait', seconds: 12 }, ...drained] };

/** Sees something else than there is. */
export function seeing(change: (observation: Observation) => Observation): Planner {
  return (observation, now) => reconcileApplication(change(observation), now);
}

/** Does or says something else than was decided. */
export function deciding(change: (decision: Decision, observation: Observation) => Decision): Planner {
  return (observation, now) => change(reconcileApplication(observation, now), observation);
}

export function doing(extra: (observation: Observation) => readonly Action[]): Planner {
  return deciding((decision, observation) => ({ ...decision, actions: [...decision.actions, ...extra(observation)] }));
}

function forgetful({ application, ...others }: Observation): Observation {
  return { ...others, application: { ...application, status: { ...application.status, refused: undefined } } };
}

function credulous(observation: Observation): Observation {
  const answers = observation.pods.map(({ metadata: { name = '', uid = '', labels: own } }) => {
    const release = observation.releases.find(({ metadata }) => metadata.name === own?.[labels.release]);
    const attempt = attemptOf(release?.status ?? { phase: 'Pending' });
    return [
      uid,
      { pod: name, uid, attempt, outcome: 'passed', code: 200, answer: '', at: '2026-01-01T00:00:00Z' },
    ] as const;
  });
  return { ...observation, answers: new Map<string, HeardAnswer>(answers) };
}

export function withConfirmation({ split, gateways, ...others }: Observation): Observation {
  const observedGeneration = split?.metadata.generation ?? 0;
  const instances = gateways.map((name) => ({ name, observedGeneration, inForceSince: '2026-01-01T00:00:00Z' }));
  return { ...others, gateways, split: split === undefined ? undefined : { ...split, status: { instances } } };
}

/** By the times that are written, as a clock tells them that somebody sets. */
const byClock: Planner = (observation, now) => {
  const drainedFor = new Map(
    observation.pods.flatMap((pod) => {
      const since = drainingSince(pod);
      return since === undefined ? [] : [[pod.metadata.uid ?? '', now - since] as const];
    }),
  );
  return reconcileApplication({ ...observation, drainedFor }, now);
};

function withoutDrain({ pods, ...others }: Observation): Observation {
  const drained = (pod: Pod): Pod =>
    pod.metadata.annotations?.[annotations.leftAt] === undefined
      ? pod
      : {
          ...pod,
          metadata: {
            ...pod.metadata,
            annotations: { ...pod.metadata.annotations, [annotations.drainingSince]: '2025-01-01T00:00:00Z' },
          },
        };
  const drainedFor = new Map(pods.map(({ metadata }) => [metadata.uid ?? '', Infinity]));
  return { ...others, pods: pods.map(drained), drainedFor };
}

/** Takes for granted that the endpoints follow the labels at once. */
export function withPromptEndpoints({ slices, pods, ...others }: Observation): Observation {
  const silent = new Set(
    pods.filter(({ metadata }) => metadata.labels?.[labels.serves] !== 'true').map(({ metadata }) => metadata.name),
  );
  const prompt = slices.map((slice) => ({
    ...slice,
    endpoints: slice.endpoints?.filter(({ targetRef }) => !silent.has(targetRef?.name)) ?? [],
  }));
  return { ...others, pods, slices: prompt };
}

/** Takes every gateway for one that routes by the endpoints as they are. */
function withPromptGateways({ observedEndpoints: _, ...others }: Observation): Observation {
  return others;
}

/** Takes whoever has left for gone long ago. */
function withoutPatience({ pods, ...others }: Observation): Observation {
  return { ...others, pods, leftFor: new Map(pods.map(({ metadata }) => [metadata.uid ?? '', Infinity])) };
}

/** Waits for gateways that lag as for a pod that drains: not at all for those that have lagged for a little while. */
function withLittlePatience({ leftFor, ...others }: Observation): Observation {
  const sooner = [...(leftFor ?? [])].map(([uid, passed]) => [uid, passed + 20_000] as const);
  return { ...others, leftFor: new Map(sooner) };
}

function servingPods({ pods, application }: Observation): readonly string[] {
  const serving = application.status?.serving?.release;
  return pods.flatMap(({ metadata }) =>
    metadata.labels?.[labels.serves] === 'true' && metadata.labels[labels.release] === serving
      ? (metadata.name ?? [])
      : [],
  );
}

/** Of the version that serves; nothing where none does. */
function ofServing(observation: Observation, wish: (release: string) => Action): readonly Action[] {
  const release = observation.application.status?.serving?.release;
  const isKnown = observation.releases.some(({ metadata }) => metadata.name === release);
  return release === undefined || !isKnown ? [] : [wish(release)];
}

function withoutReasons({ releaseStatuses, ...others }: Decision): Decision {
  const silent = [...releaseStatuses].map(
    ([name, { ending, ...status }]) =>
      [name, ending === undefined ? status : { ...status, ending: { ...ending, reason: '' } }] as const,
  );
  return { ...others, releaseStatuses: new Map(silent) };
}

function withClaim({ applicationStatus, ...others }: Decision): Decision {
  const conditions = applicationStatus?.conditions?.map((each) =>
    each.type === 'Progressing' ? ({ ...each, status: 'True' } as const) : each,
  );
  return {
    ...others,
    applicationStatus: applicationStatus === undefined ? undefined : { ...applicationStatus, conditions },
  };
}

function withHalfSplits({ actions, ...others }: Decision): Decision {
  const half = (action: Action): Action =>
    action.type === 'setSplit'
      ? { ...action, weights: Object.fromEntries(Object.entries(action.weights).map(([name, of]) => [name, of / 2])) }
      : action;
  return { ...others, actions: actions.map(half) };
}

export const mutants: readonly Mutant[] = [
  { fault: 'forgets what was refused', planner: seeing(forgetful), breaks: /^refusals/ },
  { fault: 'takes every pod for healthy', planner: seeing(credulous), breaks: /^gates/ },
  {
    fault: 'takes every split for confirmed',
    planner: seeing(withConfirmation),
    breaks: /^requests: .* its last pod leaves/,
    example: stuckGateway,
  },
  { fault: 'lets nothing drain', planner: seeing(withoutDrain), breaks: /^requests: .* ms after/, example: promptly },
  { fault: 'counts drains by the clock', planner: byClock, breaks: /^requests: .* ms after/, example: setForward },
  {
    fault: 'takes endpoints for prompt',
    planner: seeing(withPromptEndpoints),
    breaks: /^requests: .* come to it/,
    example: lateEndpoints,
  },
  {
    fault: 'takes gateways for prompt',
    planner: seeing(withPromptGateways),
    breaks: /^requests: .*(come to it|ms after)/,
    example: laggingGateway,
  },
  {
    fault: 'waits for no gateway that lags',
    planner: seeing(withoutPatience),
    breaks: /^requests: .*(come to it|ms after)/,
    example: laggingGateway,
  },
  {
    fault: 'waits for gateways that lag, and not for long',
    planner: seeing(withLittlePatience),
    breaks: /^requests: .*(come to it|ms after)/,
    example: laggingLittle,
  },
  { fault: 'says no reason', planner: deciding(withoutReasons), breaks: /^rest: .* does not say why/ },
  { fault: 'always claims to progress', planner: deciding(withClaim), breaks: /^(rest: Progressing is True|no rest)/ },
  { fault: 'splits by half', planner: deciding(withHalfSplits), breaks: /^sum/ },
  {
    fault: 'never moves traffic away',
    planner: deciding((decision, { split }) => ({
      ...decision,
      actions: decision.actions.filter(({ type }) => type !== 'setSplit' || split === undefined),
    })),
    breaks: /^(requests: gateway|no rest|nobody looks again)/,
  },
  {
    fault: 'takes a pod out of traffic',
    planner: doing((observation) =>
      ofServing(observation, (release) => ({
        type: 'setServing',
        release,
        pods: servingPods(observation).slice(0, 1),
        serves: false,
        backend: false,
        template: false,
      })),
    ),
    breaks: /^(capacity|load)/,
    example: { ...shrinking, happenings: rounds(25) },
  },
  {
    fault: 'removes pods that serve',
    planner: doing((observation) =>
      servingPods(observation).length === 0
        ? []
        : ofServing(observation, (release) => ({ type: 'scale', release, replicas: 0, reason: '' })),
    ),
    breaks: /^(leaving|requests)/,
  },
  {
    fault: 'deletes what serves',
    planner: doing((observation) => ofServing(observation, (release) => ({ type: 'deleteVersion', release }))),
    breaks: /^(memory|capacity)/,
  },
];
