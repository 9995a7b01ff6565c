import { foreignRouters, type ForeignRouter, type Split } from '@slipway/kube/split';

/** Routers of other projects by which a Split goes now, or did, so that something of it may be left there. */
export function routersOf({ spec, status }: Split): readonly ForeignRouter[] {
  const told = (status?.instances ?? []).map(({ name }) => name);
  return foreignRouters.filter((name) => spec.through === name || told.includes(name));
}
