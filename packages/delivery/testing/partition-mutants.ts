/** Planners that are wrong where gateways lose the API server, or EndpointSlices of versions are late. */
import type { Observation } from '../src/observation.ts';
import type { Happening, History } from './history.ts';
import { look, rounds, seeing, withConfirmation, withPromptEndpoints, type Mutant } from './mutants.ts';

const served: Omit<History, 'happenings'> = {
  strategy: { type: 'blueGreen' },
  routed: true,
  replicas: 2,
  serving: true,
};
const cut: Happening = { type: 'gatewayIsCut', index: 1 };
const next: Happening = { type: 'deploy', image: 'b' };

/** Its Lease has not run out, and it sends to the version that is to leave. */
const cutBriefly: History = { ...served, happenings: [next, ...rounds(4), cut, ...rounds(14)] };
const cutForGood: History = { ...served, isCutLasting: true, happenings: [cut, next, ...rounds(5)] };
/** All traffic has moved without it, and it is back before the version of before has left, to which it sends. */
const cutAndBack: History = {
  ...served,
  happenings: [
    cut,
    { type: 'wait', seconds: 16 },
    next,
    ...rounds(14),
    { type: 'gatewayReconnects', index: 1 },
    ...Array.from({ length: 4 }, (): readonly Happening[] => [look, { type: 'wait', seconds: 2 }]).flat(),
  ],
};
const lateSlices: History = {
  ...served,
  happenings: [
    ...rounds(3),
    { type: 'slicesLag' },
    { type: 'replicas', count: 1 },
    look,
    { type: 'endpoints' },
    { type: 'gateway', index: 0 },
    { type: 'gateway', index: 1 },
    look,
    look,
    { type: 'wait', seconds: 3 },
    look,
    look,
    { type: 'replicaSets' },
  ],
};

/** Those alone that have confirmed. */
function withoutSilent({ gateways, ...others }: Observation): Observation {
  const { split } = others;
  const generation = split?.metadata.generation ?? 0;
  const instances = split?.status?.instances ?? [];
  const isSilent = (name: string): boolean =>
    instances.some((each) => each.name === name && each.observedGeneration < generation);
  return { ...others, gateways: gateways.filter((name) => !isSilent(name)) };
}

/** Those too whose Lease has run out. */
function withGivenUp({ gateways, ...others }: Observation): Observation {
  const known = (others.split?.status?.instances ?? []).map(({ name }) => name);
  return { ...others, gateways: [...new Set([...gateways, ...known])] };
}

export const partitionMutants: readonly Mutant[] = [
  {
    fault: 'waits for no gateway that is cut off',
    planner: seeing(withoutSilent),
    breaks: /^requests: .* its last pod leaves/,
    example: cutBriefly,
  },
  {
    fault: 'waits for a gateway that is cut off for good',
    planner: seeing(withGivenUp),
    breaks: /^(no rest|nobody looks again): /,
    example: cutForGood,
  },
  {
    fault: 'takes a gateway that is back for one that knows what has changed',
    planner: seeing(withConfirmation),
    breaks: /^requests: .* its last pod leaves/,
    example: cutAndBack,
  },
  {
    fault: 'takes endpoints of versions for prompt',
    planner: seeing(withPromptEndpoints),
    breaks: /^requests: .*(come to it|ms after)/,
    example: lateSlices,
  },
];
