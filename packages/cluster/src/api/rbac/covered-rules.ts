/** Whether rules give away more than somebody holds. */
import type { PolicyRule } from '@slipway/kube/api.generated';

/** More single rights than these in one role or binding are not compared one by one. */
const maximumSingleRights = 100_000;

/** One verb on one resource, object or path. */
type SingleRight = PolicyRule;

export type Coverage =
  | { readonly kind: 'covered' }
  | { readonly kind: 'missing'; readonly rights: readonly SingleRight[] }
  /** Not compared. */
  | { readonly kind: 'tooMany'; readonly maximum: number };

/** What of `wanted` no rule of `held` gives. */
export function compareRules(held: readonly PolicyRule[], wanted: readonly PolicyRule[]): Coverage {
  const size = wanted.reduce((sum, rule) => sum + countRights(rule), 0);
  if (size > maximumSingleRights) return { kind: 'tooMany', maximum: maximumSingleRights };
  const rights = wanted.flatMap(breakDown).filter((right) => !held.some((rule) => covers(rule, right)));
  return rights.length === 0 ? { kind: 'covered' } : { kind: 'missing', rights };
}

function countRights({ verbs, apiGroups = [], resources = [], resourceNames = [], nonResourceURLs = [] }: PolicyRule) {
  const objects = apiGroups.length * resources.length * Math.max(1, resourceNames.length);
  return verbs.length * (objects + nonResourceURLs.length);
}

function breakDown(rule: PolicyRule): readonly SingleRight[] {
  const { verbs, apiGroups = [], resources = [], resourceNames = [], nonResourceURLs = [] } = rule;
  const names = resourceNames.length === 0 ? [undefined] : resourceNames.map((name) => [name]);
  return verbs.flatMap((verb) => [
    ...apiGroups.flatMap((group) =>
      resources.flatMap((resource) =>
        names.map((name) => ({
          verbs: [verb],
          apiGroups: [group],
          resources: [resource],
          ...(name === undefined ? {} : { resourceNames: name }),
        })),
      ),
    ),
    ...nonResourceURLs.map((path) => ({ verbs: [verb], nonResourceURLs: [path] })),
  ]);
}

function covers(held: PolicyRule, right: SingleRight): boolean {
  if (!holdsAll(held.verbs, right.verbs)) return false;
  if (right.nonResourceURLs !== undefined)
    return right.nonResourceURLs.every((path) => coversPath(held.nonResourceURLs ?? [], path));
  return (
    holdsAll(held.apiGroups ?? [], right.apiGroups ?? []) &&
    (right.resources ?? []).every((resource) => coversResource(held.resources ?? [], resource)) &&
    coversNames(held.resourceNames ?? [], right.resourceNames ?? [])
  );
}

function holdsAll(held: readonly string[], wanted: readonly string[]): boolean {
  return held.includes('*') || wanted.every((each) => held.includes(each));
}

function coversResource(held: readonly string[], wanted: string): boolean {
  if (held.includes('*') || held.includes(wanted)) return true;
  const slash = wanted.indexOf('/');
  return slash >= 0 && held.includes(`*${wanted.slice(slash)}`);
}

function coversNames(held: readonly string[], wanted: readonly string[]): boolean {
  return held.length === 0 || (wanted.length > 0 && wanted.every((name) => held.includes(name)));
}

function coversPath(held: readonly string[], wanted: string): boolean {
  return held.some((pattern) => (pattern.endsWith('*') ? wanted.startsWith(pattern.slice(0, -1)) : pattern === wanted));
}

/** For people, as Kubernetes says it: rights on the same resource in one line, the lines in order. */
export function describeRights(rights: readonly SingleRight[]): string {
  const compact = new Map<string, SingleRight>();
  for (const right of rights) {
    const { verbs, ...subject } = right;
    const key = JSON.stringify(subject);
    compact.set(key, { ...subject, verbs: [...(compact.get(key)?.verbs ?? []), ...verbs] });
  }
  return [...compact.values()].map(describeRule).toSorted().join('\n');
}

function describeRule({ apiGroups, resources, nonResourceURLs, resourceNames, verbs }: PolicyRule): string {
  const parts = Object.entries({
    APIGroups: apiGroups,
    Resources: resources,
    NonResourceURLs: nonResourceURLs,
    ResourceNames: resourceNames,
    Verbs: verbs,
  }).flatMap(([name, values = []]) => (values.length === 0 ? [] : [`${name}:${quoteAll(values)}`]));
  return `{${parts.join(', ')}}`;
}

/** As Go prints lists of texts. */
export function quoteAll(values: readonly string[]): string {
  return `[${values.map((value) => JSON.stringify(value)).join(' ')}]`;
}
