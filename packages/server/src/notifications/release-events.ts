/** What a Release says that somebody may want to be told of. Pure. */
import { createHash } from 'node:crypto';
import { releasePhases, type Release } from '@slipway/delivery/api/release';
import { optional } from '../optional.ts';

/** `release.succeeded` and the like: one for each phase that a release may come into, and one where it waits for a person. */
export const approvalWanted = 'release.approvalWanted';
export const eventTypes: readonly string[] = [...releasePhases.map(eventTypeOf), approvalWanted];

function eventTypeOf(phase: string): string {
  return `release.${phase.charAt(0).toLowerCase()}${phase.slice(1)}`;
}

export interface ReleaseEvent {
  /** The same whenever and by whichever server it is told of. */
  readonly id: string;
  readonly type: string;
  readonly at: string;
  readonly namespace: string;
  readonly application: string;
  readonly release: string;
  readonly version: string;
  readonly phase: string;
  readonly reason?: string;
  readonly requestedBy?: string;
}

/** What a Release says that it did not say before, however late that is seen: nobody looked for a while, and it is news still. */
export function calculateEvents(before: Release, after: Release): readonly ReleaseEvent[] {
  const known = new Set(eventsOf(before).map(({ id }) => id));
  return eventsOf(after).filter(({ id }) => !known.has(id));
}

/** Of a Release that was not known: whoever is new to a cluster does not tell what was before it came. */
export function calculateFirstEvents(release: Release, since: string): readonly ReleaseEvent[] {
  // Kubernetes tells whole seconds.
  const first = Math.floor(Date.parse(since) / 1_000) * 1_000;
  return eventsOf(release).filter(({ at }) => Date.parse(at) >= first);
}

function eventsOf(release: Release): readonly ReleaseEvent[] {
  const { metadata, spec, status } = release;
  const create = (type: string, at: string, more: { readonly what: string; readonly reason?: string | undefined }) => ({
    id: createHash('sha256')
      .update(JSON.stringify([metadata.uid, type, at, more.what]))
      .digest('base64url')
      .slice(0, 22),
    type,
    at,
    namespace: metadata.namespace ?? '',
    application: spec.application,
    release: metadata.name ?? '',
    version: spec.version,
    phase: status?.phase ?? 'Pending',
    ...optional('reason', more.reason),
    ...optional('requestedBy', status?.attempts?.[0]?.by),
  });
  const transitions = (status?.transitions ?? []).map(({ phase, at, reason }) => ({
    ...create(eventTypeOf(phase), at, { what: '', reason }),
    phase,
  }));
  const approvals = (status?.gates ?? [])
    .filter(({ name, during }) =>
      Object.entries(spec.hooks ?? {}).some(
        ([time, hooks]) =>
          time === during && hooks?.some((hook: { readonly name: string }) => hook.name === name && 'approval' in hook),
      ),
    )
    .map(({ name, attempt, startedAt }) =>
      create(approvalWanted, startedAt, { what: `${name} ${attempt}`, reason: `gate ${name} waits for an approval` }),
    );
  return [...transitions, ...approvals];
}
