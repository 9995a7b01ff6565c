/** What must hold of routes that gateways refuse. */
import { isFinished } from '../src/api/release.ts';
import { labels } from '../src/names.ts';
import type { Change } from './simulation/api.ts';
import { isPodReady, type World } from './simulation/world.ts';

/** Where a gateway that lives says that it serves nothing of the route, no release goes forward, unless a person promotes it. */
export function checkRefusedRoute({ before, after, action }: Change): string | undefined {
  if (action.type !== 'setSplit' || !isRefused(before) || isBereft(before)) return undefined;
  const raised = before.releases.find(
    ({ metadata: { name = '' }, status }) =>
      status !== undefined &&
      !isFinished(status.phase) &&
      status.ending === undefined &&
      status.promotedBy === undefined &&
      weightOf(after, name) > weightOf(before, name),
  );
  return raised === undefined ? undefined : `route: ${raised.metadata.name} gets more of a route that is refused`;
}

function isRefused({ application, split, gateways }: World): boolean {
  if (application.spec.route === undefined) return false;
  const living = new Set(gateways.flatMap(({ name, isAlive }) => (isAlive ? name : [])));
  return (split?.status?.instances ?? []).some(
    ({ name, observedGeneration, unservedRules = [] }) =>
      living.has(name) && observedGeneration >= (split?.metadata.generation ?? 0) && unservedRules.includes(0),
  );
}

/** A version that has weight has nobody to carry it. */
export function isBereft({ split, pods }: World): boolean {
  const carrying = (split?.spec.rules[0]?.backends ?? []).filter(({ weight }) => weight > 0);
  return carrying.some(
    ({ version }) =>
      !pods.some(
        (pod) =>
          isPodReady(pod) &&
          pod.metadata.labels?.[labels.release] === version &&
          pod.metadata.labels[labels.backend] === 'true',
      ),
  );
}

export function weightOf({ split }: World, release: string): number {
  return split?.spec.rules[0]?.backends.find(({ version }) => version === release)?.weight ?? 0;
}
