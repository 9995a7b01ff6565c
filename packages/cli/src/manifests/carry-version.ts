/** A version as another namespace is to have it: what belongs to the version, beside what belongs to the place. Pure. */
import type { Application, ApplicationRoute, ApplicationSpec, Strategy } from '@slipway/delivery/api/application';
import type { Release } from '@slipway/delivery/api/release';
import { pinImages } from './pin-images.ts';

export interface Carried {
  readonly release: Release;
  /** From which the release was made: it has what a release does not copy. */
  readonly source: Application;
  /** As it is at the other place; undefined where there is none. */
  readonly existing: Application | undefined;
  /** Of the route there, in place of those that there are. */
  readonly hosts: readonly string[];
}

export interface CarriedVersion {
  readonly spec: ApplicationSpec;
  /** What was left out or is not certain, in sentences. */
  readonly notes: readonly string[];
}

/** Everything that a release copies, its version, what it really ran, and which configuration is read live. */
export function carryVersion(carried: Carried): CarriedVersion {
  const { release, source } = carried;
  const { application: _, applicationUid: __, identity: ___, frozen: ____, strategy, ...version } = release.spec;
  const place = planPlace(carried);
  const moved = withPreviewOf(strategy, carried);
  const pinned = pinImages(version.template, release.status?.images);
  const spec: ApplicationSpec = {
    ...version,
    template: pinned.template,
    strategy: moved.strategy,
    ...(source.spec.configuration === undefined ? {} : { configuration: source.spec.configuration }),
    ...place.spec,
  };
  return { spec: present(spec), notes: [...place.notes, ...moved.notes, ...pinned.notes] };
}

/** Nobody asks for a field by giving it no value. */
function present(spec: ApplicationSpec): ApplicationSpec {
  return Object.fromEntries(Object.entries(spec).filter(([, value]) => value !== undefined));
}

/** How many, under which names, and what is kept: a first copy begins with what the source has, hosts and certificates aside. */
function planPlace(carried: Carried): { readonly spec: Partial<ApplicationSpec>; readonly notes: readonly string[] } {
  const { source, existing } = carried;
  const { replicas, history, deletionPolicy, paused, dependsOn } = (existing ?? source).spec;
  const route = planRoute(carried);
  const isLost = route === undefined && existing === undefined && source.spec.route !== undefined;
  return {
    spec: {
      replicas,
      history,
      deletionPolicy,
      dependsOn,
      // A source that is stopped for the moment has nothing to say about that of a first copy.
      ...(existing === undefined ? {} : { paused }),
      route,
    },
    notes: isLost
      ? ['its route is left out, because its hosts belong to the place that it comes from: name others with --host']
      : [],
  };
}

function planRoute({ source, existing, hosts }: Carried): ApplicationRoute | undefined {
  const kept = existing?.spec.route;
  if (hosts.length === 0) return kept;
  if (kept !== undefined) return { ...kept, hosts };
  const { tls: _, hosts: __, ...route } = source.spec.route ?? {};
  return { ...route, hosts };
}

function withPreviewOf(
  strategy: Strategy,
  { existing }: Carried,
): { readonly strategy: Strategy; readonly notes: readonly string[] } {
  const { previewHosts: own, ...blueGreen } = strategy.blueGreen ?? {};
  if (own === undefined) return { strategy, notes: [] };
  const previewHosts = existing?.spec.strategy?.blueGreen?.previewHosts;
  return {
    strategy: { ...strategy, blueGreen: { ...blueGreen, ...(previewHosts === undefined ? {} : { previewHosts }) } },
    notes:
      previewHosts === undefined ? ['its previewHosts are left out: they belong to the place that it comes from'] : [],
  };
}
