/** An Application as a list shows it: what serves, what comes, how far it is, and what it waits for. Pure. */
import type { Application } from '@slipway/delivery/api/application';
import { isFinished, type Release } from '@slipway/delivery/api/release';
import type { ObjectMeta } from '@slipway/kube/api.generated';
import Type, { type Static } from 'typebox';
import { optional } from '../optional.ts';

const Optional = Type.Optional;

export const ConditionSchema = Type.Object(
  {
    type: Type.String(),
    status: Type.String(),
    reason: Type.String(),
    message: Type.String(),
    since: Type.String({ format: 'date-time' }),
  },
  { description: 'A condition of Kubernetes.' },
);

const VersionSchema = Type.Object({
  version: Type.String(),
  release: Type.String({ description: 'Name of the Release.' }),
});

export const ApplicationSummarySchema = Type.Object({
  namespace: Type.String(),
  name: Type.String(),
  uid: Type.String(),
  generation: Type.Integer(),
  createdAt: Type.String({ format: 'date-time' }),
  strategy: Type.String(),
  phase: Type.String(),
  waitingFor: Optional(Type.String({ description: 'A sentence; absent when nothing is waited for.' })),
  asked: Optional(Type.String({ description: 'The version that spec asks for; absent: the next number.' })),
  serving: Optional(VersionSchema),
  candidate: Optional(
    Type.Object({
      version: Type.String(),
      release: Type.String(),
      phase: Type.String(),
      step: Optional(Type.String()),
      waitingFor: Optional(Type.String()),
    }),
  ),
  split: Type.Record(Type.String(), Type.Number(), { description: 'Percent of the traffic by version.' }),
  replicas: Type.Object({ desired: Type.Integer(), ready: Type.Integer() }),
  hosts: Type.Array(Type.String()),
  paused: Type.Boolean(),
  conditions: Type.Array(ConditionSchema),
});
export type ApplicationSummary = Static<typeof ApplicationSummarySchema>;

export function summarizeApplication(application: Application, releases: readonly Release[]): ApplicationSummary {
  const { metadata, spec, status } = application;
  const candidate = releases.find(({ metadata }) => metadata.name === status?.candidate);
  const serving = status?.serving;
  return {
    ...identify(metadata),
    strategy: spec.strategy?.type ?? 'rolling',
    phase: status?.phase ?? 'Pending',
    ...optional('waitingFor', status?.waitingFor),
    ...optional('asked', spec.version),
    ...optional('serving', serving && { version: serving.version, release: serving.release }),
    ...optional('candidate', candidate && describeCandidate(candidate)),
    split: { ...splitInForce(releases, candidate, serving?.release) },
    replicas: { desired: spec.replicas ?? 1, ready: status?.readyReplicas ?? 0 },
    hosts: [...(spec.route?.hosts ?? [])],
    paused: spec.paused === true,
    conditions: (status?.conditions ?? []).map(({ type, status, reason, message, lastTransitionTime }) => ({
      type,
      status,
      reason,
      message,
      since: lastTransitionTime,
    })),
  };
}

function identify({ namespace = '', name = '', uid = '', generation = 0, creationTimestamp = '' }: ObjectMeta) {
  return { namespace, name, uid, generation, createdAt: creationTimestamp };
}

function describeCandidate({ metadata, spec, status }: Release): NonNullable<ApplicationSummary['candidate']> {
  return {
    version: spec.version,
    release: metadata.name ?? '',
    phase: status?.phase ?? 'Pending',
    ...optional('step', status?.step),
    ...optional('waitingFor', status?.waitingFor),
  };
}

/** As the release under way tells it; all of it at what serves, where there is none, or it has divided nothing yet. */
function splitInForce(
  releases: readonly Release[],
  candidate: Release | undefined,
  serving: string | undefined,
): Readonly<Record<string, number>> {
  const { split, phase } = candidate?.status ?? {};
  if (split !== undefined && phase !== undefined && !isFinished(phase) && Object.keys(split.weights).length > 0)
    return byVersion(split.weights, releases);
  const stable = releases.find(({ metadata }) => metadata.name === serving);
  return stable === undefined ? {} : { [stable.spec.version]: 100 };
}

/** A release that was retried as another one shares its version with it. */
function byVersion(
  weights: Readonly<Record<string, number>>,
  releases: readonly Release[],
): Readonly<Record<string, number>> {
  const shares: Record<string, number> = {};
  for (const [name, weight] of Object.entries(weights)) {
    const version = releases.find(({ metadata }) => metadata.name === name)?.spec.version ?? name;
    shares[version] = (shares[version] ?? 0) + weight;
  }
  return shares;
}
