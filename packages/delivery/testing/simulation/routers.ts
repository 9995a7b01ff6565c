/** Who else may carry the requests: routers of other projects, each of which is one more gateway from when spec first names it. */
import { carriersOf, foreignRouters, type ForeignRouter, type SplitSpec } from '@slipway/kube/split';

export function routerOf({ name }: { readonly name: string }): ForeignRouter | undefined {
  return foreignRouters.find((each) => each === name);
}

export function isCarrying(
  gateway: { readonly name: string },
  spec: Pick<SplitSpec, 'through' | 'alsoThrough'>,
): boolean {
  return carriersOf(spec).includes(routerOf(gateway) ?? 'gateway');
}
