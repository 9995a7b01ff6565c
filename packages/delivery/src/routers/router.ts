/**
 * A router of another project: the objects by which it routes are written for each Split, and read back. The release engine
 * knows nothing of it: it writes a Split and waits for its confirmation, which `route-controller.ts` gives in its name.
 */
import type { KubeObject, ResourceType } from '@slipway/kube/object';
import type { ForeignRouter, Split } from '@slipway/kube/split';

/**
 * How it becomes known that a router follows: `dataPlane`, it says so itself once requests go that way, as our own gateways
 * do; `accepted`, its controller says that it has taken the object; `timed`, nobody says anything. The last two are given
 * `propagationSeconds` in addition.
 */
export type Confirmation = 'dataPlane' | 'accepted' | 'timed';

/** The objects of a router that there are, by name. */
export type Existing<T extends KubeObject> = ReadonlyMap<string, T>;

/** Pure: objects in, objects out. */
export interface Router<T extends KubeObject> {
  readonly name: ForeignRouter;
  readonly confirmation: Confirmation;
  readonly type: ResourceType<T>;
  /** Where its kinds come from, for the sentence that says that they are missing. */
  readonly product: string;
  /** Of every object that it ever writes for the Split. */
  objectNames(split: Split): readonly string[];
  /**
   * What should be: each object with the fields of ours alone, and in lists that have one owner as a whole with what others
   * put into them. To be written in this order: after each one, every request goes where the last or the next split says.
   */
  render(split: Split, existing: Existing<T>): readonly T[];
  /** The weights by which it routes, as its documentation says, one entry for each rule of the Split that it knows. */
  readBack(split: Split, existing: Existing<T>): readonly RuleInForce[];
  /** Whether its controller has taken what stands there. */
  acceptanceOf(object: T): Acceptance;
  /** The object without what is ours; undefined where nothing else is in it. */
  withoutOurs(object: T): T | undefined;
}

export interface RuleInForce {
  /** Share of each Service in percent; those without one left out. */
  readonly weights: Readonly<Record<string, number>>;
  readonly mirrorPercent?: number | undefined;
}

export type Acceptance =
  | { readonly state: 'accepted' }
  | { readonly state: 'awaited' | 'refused'; readonly sentence: string };

export const accepted: Acceptance = { state: 'accepted' };

/** What the Split asks for, in the form in which routers are read. */
export function askedOf({ spec }: Split): readonly RuleInForce[] {
  return spec.rules.map(({ backends, mirror }) => ({
    weights: sharesOf(backends.map(({ service, weight }) => [service, weight])),
    ...(mirror === undefined ? {} : { mirrorPercent: mirror.percent }),
  }));
}

/** In percent of their sum. `[[a, 1], [b, 3], [c, 0]]` is `{a: 25, b: 75}`. */
export function sharesOf(weights: readonly (readonly [service: string, weight: number])[]): RuleInForce['weights'] {
  const sum = weights.reduce((total, [, weight]) => total + weight, 0);
  return Object.fromEntries(
    weights.filter(([, weight]) => weight > 0).map(([service, weight]) => [service, (100 * weight) / sum]),
  );
}
