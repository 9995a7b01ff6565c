/** Planners with one fault each about sessions. */
import { labels } from '../src/names.ts';
import { isServing, splitWeights, type Observation } from '../src/observation.ts';
import type { Action, Decision } from '../src/plan.ts';
import { sessionVersions } from '../src/sessions/session-route.ts';
import type { Happening, History } from './history.ts';
import { deciding, doing, rounds, seeing, type Mutant } from './mutants.ts';

function visit(user: number): Happening {
  return { type: 'visit', user, gateway: 0 };
}

/** The first version has a session when the second one takes what is new. */
const twoVersions: History = {
  strategy: { type: 'rainbow', rainbow: { idleSeconds: 700 } },
  routed: true,
  replicas: 2,
  happenings: [
    ...rounds(12),
    visit(0),
    { type: 'deploy', image: 'b' },
    ...rounds(12),
    visit(1),
    ...rounds(20),
    visit(0),
    ...rounds(3),
  ],
};

/** The gateway that knew of it starts anew. */
const newGateway: History = {
  ...twoVersions,
  happenings: [
    ...twoVersions.happenings,
    { type: 'gatewayDies', index: 0 },
    { type: 'gatewayReturns', index: 0 },
    ...rounds(5),
  ],
};

function withoutKept({ actions, ...others }: Decision): Decision {
  const forget = (action: Action): Action =>
    action.type === 'setSplit'
      ? { ...action, weights: Object.fromEntries(Object.entries(action.weights).filter(([, weight]) => weight > 0)) }
      : action;
  return { ...others, actions: actions.map(forget) };
}

function withoutSilence({ split, ...others }: Observation): Observation {
  const instances = split?.status?.instances?.map(({ backends = [], ...instance }) => ({
    ...instance,
    backends: backends.map((backend) => ({ ...backend, sessions: backend.sessions ?? 0 })),
  }));
  return { ...others, split: split === undefined ? undefined : { ...split, status: { instances } } };
}

/** All pods of every version that has left the Service and keeps sessions without any weight. */
function deserting(observation: Observation): readonly Action[] {
  const weights = splitWeights(observation);
  const former = [...sessionVersions(observation)].filter((release) => weights[release] === 0);
  return former.flatMap((release): readonly Action[] => {
    const own = observation.pods.filter(({ metadata }) => metadata.labels?.[labels.release] === release);
    if (own.some(isServing)) return [];
    const pods = own.flatMap(({ metadata }) => metadata.name ?? []);
    return [{ type: 'setServing', release, pods, serves: false, backend: false, template: false }];
  });
}

export const sessionMutants: readonly Mutant[] = [
  {
    fault: 'forgets who has sessions',
    planner: deciding(withoutKept),
    breaks: /^sessions: shop-1 loses its own/,
    example: twoVersions,
  },
  {
    fault: 'takes silence for no sessions',
    planner: seeing(withoutSilence),
    breaks: /^sessions: shop-1 loses its own/,
    example: newGateway,
  },
  {
    fault: 'takes the pods of who has sessions',
    planner: doing(deserting),
    breaks: /^requests: .* sends to shop-1, and its last pod leaves/,
    example: twoVersions,
  },
];
