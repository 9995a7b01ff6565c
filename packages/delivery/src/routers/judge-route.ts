/** Pure: what stands between a Split and its being in force at a router of another project. */
import { isSameJson } from '@slipway/kube/json-equality';
import { apiVersionOf, type KubeObject } from '@slipway/kube/object';
import { foreignRouters, type Split } from '@slipway/kube/split';
import { describeForeign } from '../controller/writing.ts';
import { isOurs } from '../names.ts';
import { covers, ownerOf, routerAnnotations } from './own-objects.ts';
import { askedOf, type Existing, type Router } from './router.ts';

export interface Route<T extends KubeObject> {
  readonly router: Router<T>;
  readonly split: Split;
  /** By the names that the router may write for the Split. */
  readonly existing: Existing<T>;
  /** Why the kind of the router cannot be used; undefined where it can. */
  readonly unusable: string | undefined;
}

export type Verdict<T extends KubeObject> =
  | { readonly state: 'inForce' }
  | { readonly state: 'awaited' | 'refused'; readonly sentence: string }
  /** In this order: what is added or changed before what goes. */
  | { readonly state: 'toWrite'; readonly objects: readonly T[]; readonly leaving: readonly T[] }
  /** The Split goes by another router now, and nothing of this one is left. */
  | { readonly state: 'left' };

const inForce = { state: 'inForce' } as const;

export function judgeRoute<T extends KubeObject>(route: Route<T>): Verdict<T> {
  const { split, router } = route;
  if (split.spec.through !== router.name) return judgeLeaving(route);
  if (route.unusable !== undefined)
    return split.spec.rules.length === 0 ? inForce : { state: 'refused', sentence: route.unusable };
  const rendered = router.render(split, route.existing);
  const foreign = rendered.flatMap(({ metadata }) => {
    const object = route.existing.get(metadata.name ?? '');
    return object === undefined || isOurs(object, ownerOf(split)) ? [] : [object];
  });
  if (foreign[0] !== undefined)
    return { state: 'refused', sentence: `NameConflict: ${describeForeign(router.type, foreign[0])}` };
  const objects = rendered.filter((object) => !isWritten(route.existing.get(object.metadata.name ?? ''), object));
  const names = new Set(rendered.map(({ metadata }) => metadata.name));
  const leaving = ownObjects(route).filter(({ metadata }) => !names.has(metadata.name));
  if (objects.length + leaving.length > 0) return { state: 'toWrite', objects, leaving };
  return judgeWritten(route, rendered);
}

function judgeWritten<T extends KubeObject>({ router, split, existing }: Route<T>, rendered: readonly T[]): Verdict<T> {
  const acceptances = rendered.flatMap(({ metadata }) => {
    const object = existing.get(metadata.name ?? '');
    return object === undefined ? [] : [router.acceptanceOf(object)];
  });
  const open =
    acceptances.find(({ state }) => state === 'refused') ?? acceptances.find(({ state }) => state === 'awaited');
  if (open !== undefined && open.state !== 'accepted') return open;
  const asked = askedOf(split);
  const found = router.readBack(split, existing);
  return isSameJson(asked, found)
    ? inForce
    : {
        state: 'refused',
        sentence: `RouteDiffers: ${router.name} routes by ${JSON.stringify(found)}, and ${JSON.stringify(asked)} was asked for: does the installed ${router.type.kind} keep every field?`,
      };
}

/** Nothing goes before the other router has confirmed that it carries the requests. */
function judgeLeaving<T extends KubeObject>(route: Route<T>): Verdict<T> {
  const leaving = route.unusable === undefined ? ownObjects(route) : [];
  if (leaving.length === 0) return { state: 'left' };
  return isTakenOver(route.split)
    ? { state: 'toWrite', objects: [], leaving }
    : { state: 'awaited', sentence: 'the other router has not confirmed the route' };
}

function isTakenOver({ spec, status, metadata: { generation = 0 } }: Split): boolean {
  const isSuccessor = (name: string): boolean =>
    spec.through === undefined ? !foreignRouters.some((each) => each === name) : name === spec.through;
  return (status?.instances ?? []).some(
    ({ name, observedGeneration }) => isSuccessor(name) && observedGeneration >= generation,
  );
}

function ownObjects<T extends KubeObject>({ existing, split }: Route<T>): readonly T[] {
  return [...existing.values()].filter((object) => isOurs(object, ownerOf(split)));
}

/** What was asked for when it was last written is the same, and all of it stands there. */
function isWritten(existing: KubeObject | undefined, wanted: KubeObject): boolean {
  const contentOf = ({ metadata }: KubeObject): string | undefined => metadata.annotations?.[routerAnnotations.content];
  return existing !== undefined && contentOf(existing) === contentOf(wanted) && covers(existing, wanted);
}

/** `RouterMissing: the API server does not serve HTTPRoute of gateway.networking.k8s.io/v1: install ...` */
export function describeMissing({ type, product }: Pick<Router<KubeObject>, 'type' | 'product'>): string {
  return `RouterMissing: the API server does not serve ${type.kind} of ${apiVersionOf(type)}: install ${product}, or choose another router in spec.route.through`;
}
