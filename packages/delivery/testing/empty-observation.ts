import type { Application } from '../src/api/application.ts';
import type { Observation } from '../src/observation.ts';
import { noCompanions } from '../src/order/companions.ts';

/** An Application of which nothing else is there: what a test is about comes on top. */
export function emptyObservation(application: Application): Observation {
  return {
    application,
    releases: [],
    replicaSets: [],
    pods: [],
    drainedFor: new Map(),
    confirmedFor: new Map(),
    services: [],
    slices: [],
    budgets: [],
    split: undefined,
    gateways: [],
    commands: [],
    answers: new Map(),
    measurements: new Map(),
    sources: new Map(),
    copies: [],
    trial: undefined,
    jobs: [],
    approvals: [],
    hookFindings: new Map(),
    companions: noCompanions,
    sessionKey: undefined,
  };
}
