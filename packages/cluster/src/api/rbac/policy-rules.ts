/** What single rules of RBAC mean. https://kubernetes.io/docs/reference/access-authn-authz/rbac/#referring-to-resources */
import type { PolicyRule } from '@slipway/kube/api.generated';
import type { Attributes, ResourceAttributes } from '../attributes.ts';

export function isAllowedBy(rule: PolicyRule, asked: Attributes): boolean {
  if (!includes(rule.verbs, asked.verb)) return false;
  if (asked.kind === 'path') return (rule.nonResourceURLs ?? []).some((pattern) => matchesPath(pattern, asked.path));
  return (
    includes(rule.apiGroups, asked.group) &&
    (rule.resources ?? []).some((pattern) => matchesResource(pattern, asked)) &&
    matchesName(rule.resourceNames, asked.name)
  );
}

function includes(patterns: readonly string[] | undefined, value: string): boolean {
  return patterns?.some((pattern) => pattern === '*' || pattern === value) ?? false;
}

/** `pods` is not `pods/log`; a star is both, and `*` before a slash is every resource that has that subresource. */
function matchesResource(
  pattern: string,
  { resource, subresource }: Pick<ResourceAttributes, 'resource' | 'subresource'>,
): boolean {
  if (pattern === '*') return true;
  if (subresource === '') return pattern === resource;
  return pattern === `${resource}/${subresource}` || pattern === `*/${subresource}`;
}

function matchesName(names: readonly string[] | undefined, name: string): boolean {
  return names === undefined || names.length === 0 || names.includes(name);
}

function matchesPath(pattern: string, path: string): boolean {
  return pattern.endsWith('*') ? path.startsWith(pattern.replace(/\*+$/, '')) : pattern === path;
}
