/** Planners with one fault each about Applications that are released in one order, and about routers that refuse or change. */
import type { Observation } from '../src/observation.ts';
import { noCompanions } from '../src/order/companions.ts';
import type { Happening, History } from './history.ts';
import { rounds, seeing, type Mutant } from './mutants.ts';

const both: readonly Happening[] = [
  { type: 'deploy', image: 'b' },
  { type: 'deploy', image: 'b', of: 1 },
];

const shared: History = {
  strategy: { type: 'canary', canary: { steps: [{ setWeight: 50 }, { pause: {} }] } },
  routed: true,
  replicas: 2,
  serving: true,
  group: { members: 2, by: 'group', together: false },
  happenings: [...both, ...rounds(12)],
};

/** Another group closes a circle in the middle, and a new version is asked for. */
const encircled: History = {
  ...shared,
  happenings: [
    ...both,
    ...rounds(3),
    { type: 'regroup', group: 1, order: { members: [1, 0], together: false } },
    { type: 'deploy', image: 'c', of: 1 },
    ...rounds(6),
  ],
};

/** In the middle the second comes to be the first. */
const turned: History = {
  ...shared,
  happenings: [{ type: 'regroup', group: 0, order: { members: [1, 0], together: false } }, ...both, ...rounds(12)],
};

/** The first goes back when both are guarded. */
const abandoned: History = {
  strategy: { type: 'blueGreen' },
  routed: true,
  replicas: 1,
  serving: true,
  group: { members: 2, by: 'group', together: true },
  happenings: [...both, ...rounds(9), { type: 'command', verb: 'abort' }, ...rounds(20)],
};

const refused: History = {
  strategy: { type: 'blueGreen' },
  routed: true,
  replicas: 1,
  serving: true,
  happenings: [{ type: 'gatewayRefuses', index: 1 }, { type: 'deploy', image: 'b' }, ...rounds(20)],
};

const handedOver: History = {
  strategy: { type: 'blueGreen' },
  routed: true,
  replicas: 1,
  serving: true,
  happenings: [{ type: 'through', router: 'gatewayApi' }, ...rounds(12)],
};

/** To a router of our own, one instance of which serves nothing of it. */
const handedToRefused: History = {
  ...handedOver,
  happenings: [
    { type: 'through', router: 'gatewayApi' },
    ...rounds(20),
    { type: 'gatewayRefuses', index: 1 },
    { type: 'through', router: 'gateway' },
    ...rounds(20),
  ],
};

function impatient(observation: Observation): Observation {
  return { ...observation, confirmedFor: new Map(observation.gateways.map((name) => [name, Infinity])) };
}

function withGroups(
  observation: Observation,
  change: Partial<Observation['companions']['groups'][number]['spec']>,
): Observation {
  const { companions } = observation;
  const groups = companions.groups.map((group) => ({ ...group, spec: { ...group.spec, ...change } }));
  return { ...observation, companions: { ...companions, groups } };
}

/** Takes itself for the last one on the way back. */
function asLast(observation: Observation): Observation {
  const isBack = observation.releases.some(({ status }) => status?.phase === 'RollingBack');
  return isBack ? withGroups(observation, { members: ['m1', 'shop'] }) : observation;
}

function withoutConflicts({ split, ...others }: Observation): Observation {
  const instances = split?.status?.instances?.map(({ conflicts: _, unservedRules: __, ...each }) => each);
  return { ...others, split: split === undefined ? undefined : { ...split, status: { instances } } };
}

export const groupMutants: readonly Mutant[] = [
  {
    fault: 'waits for nobody',
    planner: seeing((observation) => ({ ...observation, companions: noCompanions })),
    breaks: /^order: shop-2 takes traffic before/,
    example: shared,
  },
  {
    fault: 'releases what waits for itself',
    planner: seeing(({ companions, ...others }) => ({ ...others, companions: { ...companions, cycle: undefined } })),
    breaks: /^order: those that wait for each other are not told so/,
    example: encircled,
  },
  {
    fault: 'takes its group for what it was',
    planner: seeing((observation) =>
      observation.companions.known.has('m1') ? withGroups(observation, { members: ['shop', 'm1'] }) : observation,
    ),
    breaks: /^order: shop-2 takes traffic before/,
    example: turned,
  },
  {
    fault: 'lets its group go back without it',
    planner: seeing((observation) => withGroups(observation, { abortTogether: false })),
    breaks: /^order: shop-2 goes on/,
    example: abandoned,
  },
  {
    fault: 'goes back in any order',
    planner: seeing(asLast),
    breaks: /^order: shop-2 gives its traffic back before/,
    example: abandoned,
  },
  {
    fault: 'does not heed that a route is refused',
    planner: seeing(withoutConflicts),
    breaks: /^route: shop-2 gets more of a route/,
    example: refused,
  },
  {
    fault: 'lets a router go at once',
    planner: seeing(impatient),
    breaks: /^handover: gateway is let go before gatewayApi/,
    example: handedOver,
  },
  {
    fault: 'lets a router go though the next one serves nothing',
    planner: seeing(withoutConflicts),
    breaks: /^handover: gatewayApi is let go before gateway /,
    example: handedToRefused,
  },
];
