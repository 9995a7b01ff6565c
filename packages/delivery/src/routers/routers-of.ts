import { carriersOf, foreignRouters, type ForeignRouter, type Split } from '@slipway/kube/split';

/** Routers of other projects by which a Split goes now, or did, so that something of it may be left there. */
export function routersOf({ spec, status }: Split): readonly ForeignRouter[] {
  const told = (status?.instances ?? []).map(({ name }) => name);
  return foreignRouters.filter((name) => carriersOf(spec).includes(name) || told.includes(name));
}

/** The Split as one of its routers is to carry it: what it was told when it carried alone, where another one leads now. */
export function asCarriedBy(router: ForeignRouter, split: Split): Split {
  const former = split.spec.alsoThrough?.find(({ name }) => name === router);
  if (former === undefined) return split;
  const { parentRefs, propagationSeconds } = former;
  return { ...split, spec: { ...split.spec, through: router, parentRefs, propagationSeconds } };
}
