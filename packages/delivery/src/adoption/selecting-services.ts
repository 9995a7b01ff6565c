/** The user's Services that lead to the pods of a Deployment, and what becomes of their selectors. */
import type { EndpointSlice, ReplicaSet, Service } from '@slipway/kube/api.generated';
import { serviceNameOf } from '@slipway/kube/endpoint-slices';
import { services } from '@slipway/kube/resources';
import { matchesServiceSelector } from '@slipway/kube/selector';
import { annotations, labels } from '../names.ts';
import { isLive, merge, noteOf, podsOf, type AdoptionWorld, type Step } from './adoption-world.ts';

export interface SelectingServices {
  /** Of whose pods all are handed over: their selectors get our label, and their endpoints stay as they are. */
  readonly own: readonly Service[];
  /** They lead to pods of others too, which would lose them: their selectors stay. */
  readonly shared: readonly Service[];
}

export function selectingServices(world: AdoptionWorld, set: ReplicaSet): SelectingServices {
  const template = set.spec?.template?.metadata?.labels;
  const handed = new Set(podsOf(world, set).map(({ metadata }) => metadata.uid));
  const selecting = world.services.filter(
    (service) =>
      service.spec?.type !== 'ExternalName' &&
      noteOf(service, 'ownerUid') === undefined &&
      matchesServiceSelector(withoutServes(service), template),
  );
  const isShared = (service: Service): boolean =>
    world.pods.some(
      (pod) =>
        isLive(pod) &&
        !handed.has(pod.metadata.uid) &&
        matchesServiceSelector(withoutServes(service), pod.metadata.labels),
    );
  return { own: selecting.filter((each) => !isShared(each)), shared: selecting.filter(isShared) };
}

function withoutServes({ spec }: Service): Readonly<Record<string, string>> {
  const { [labels.serves]: _, ...selector } = spec?.selector ?? {};
  return selector;
}

/** The label on the Service too: its EndpointSlices bear the labels of their Service. */
export function claimService(
  service: Service,
  application: { readonly name: string; readonly uid: string },
): readonly Step[] {
  const isDone = service.spec?.selector?.[labels.serves] === 'true' && noteOf(service, 'adoptedBy') === application.uid;
  return isDone
    ? []
    : [
        merge(services, service, {
          what: 'select the pods that serve: the same as now',
          body: {
            metadata: {
              labels: { [labels.application]: application.name },
              annotations: { [annotations.adoptedBy]: application.uid },
            },
            spec: { selector: { [labels.serves]: 'true' } },
          },
        }),
      ];
}

export function releaseService(service: Service): Step {
  return merge(services, service, {
    what: 'select pods as it did before it was adopted: the same as now',
    body: {
      metadata: { labels: { [labels.application]: null }, annotations: { [annotations.adoptedBy]: null } },
      spec: { selector: { [labels.serves]: null } },
    },
  });
}

/** EndpointSlices that were written by who had not seen yet that a Service was given back. */
export function unreleasedSlices({ slices }: AdoptionWorld, names: readonly string[]): readonly EndpointSlice[] {
  return slices.filter(
    (slice) => names.includes(serviceNameOf(slice) ?? '') && slice.metadata.labels?.[labels.application] !== undefined,
  );
}

export function endpointNames({ slices }: AdoptionWorld, service: string): ReadonlySet<string> {
  return new Set(
    slices
      .filter((slice) => serviceNameOf(slice) === service)
      .flatMap(({ endpoints }) => endpoints ?? [])
      .flatMap(({ targetRef }) => targetRef?.name ?? []),
  );
}
