/** A planner that takes nobody's word for somebody's. */
import type { ReleaseApproval } from '../src/api/release-approval.ts';
import { nameOf } from '../src/release-context.ts';
import type { History } from './history.ts';
import { rounds, seeing, type Mutant } from './mutants.ts';

const awaited: History = {
  strategy: { type: 'blueGreen' },
  routed: false,
  replicas: 1,
  approved: true,
  happenings: rounds(10),
};

/** After one was given to an Application that is gone, another one of the same name is made. */
const former: History = {
  ...awaited,
  serving: true,
  happenings: [
    { type: 'delete', foreground: false },
    ...rounds(12),
    { type: 'approve', release: 0, hook: 'agree' },
    { type: 'apply' },
    ...rounds(6),
  ],
};

function approvedBy(hooks: readonly string[]): Mutant['planner'] {
  return seeing((observation) => {
    const approvals = observation.releases.flatMap((release) =>
      hooks.map((hook): ReleaseApproval => {
        const name = `${nameOf(release)}-${hook}`;
        return { metadata: { name }, spec: { application: 'shop', release: nameOf(release), hook } };
      }),
    );
    return { ...observation, approvals };
  });
}

export const approvalMutants: readonly Mutant[] = [
  {
    fault: 'begins unasked',
    planner: approvedBy(['agree']),
    breaks: /^approvals: nobody agreed to agree /,
    example: awaited,
  },
  {
    fault: 'promotes unasked',
    planner: approvedBy(['agree', 'confirm']),
    breaks: /^approvals: nobody agreed to (agree|confirm) /,
    example: awaited,
  },
  {
    fault: 'takes what was agreed to before for agreed to now',
    planner: seeing(({ approvals, ...others }) => ({
      ...others,
      approvals: approvals.map(({ spec, metadata: { name } }) => ({ spec, metadata: { name } })),
    })),
    breaks: /^approvals: nobody agreed to agree /,
    example: former,
  },
];
