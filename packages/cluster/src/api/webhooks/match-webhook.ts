/** Which webhooks are asked about a write. https://kubernetes.io/docs/reference/access-authn-authz/extensible-admission-controllers/#matching-requests-rules */
import type {
  LabelSelector,
  MutatingWebhook,
  RuleWithOperations,
  ValidatingWebhook,
} from '@slipway/kube/api.generated';
import { isEmptySelector, matchesLabelSelector } from '@slipway/kube/selector';
import type { ResourceDefinition } from '../../schema/definition.ts';
import type { ExternalWrite, SentObject } from '../external-admission.ts';

type Webhook = ValidatingWebhook | MutatingWebhook;

export interface Matching {
  readonly webhook: Webhook;
  readonly write: ExternalWrite;
  /** Absent where one is deleted. */
  readonly object: SentObject | undefined;
  /** Other versions in which the same objects are served. */
  readonly otherVersions: readonly ResourceDefinition[];
  /** Labels of the namespace of the object, or of itself if it is one; undefined if it lies in none. */
  readonly namespaceLabels: Readonly<Record<string, string>> | undefined;
}

/** The version in which the webhook is told of the object; undefined where it is not asked. */
export function matchWebhook(matching: Matching): ResourceDefinition | undefined {
  const { webhook, write, object, otherVersions, namespaceLabels } = matching;
  const { namespaceSelector = {}, objectSelector = {}, matchPolicy } = webhook;
  const isEquivalent = matchPolicy !== 'Exact';
  const version = [write.definition, ...(isEquivalent ? otherVersions : [])].find((definition) =>
    (webhook.rules ?? []).some((rule) => matchesRule(rule, write, definition)),
  );
  if (version === undefined) return undefined;
  if (namespaceLabels !== undefined && !matchesLabelSelector(namespaceSelector, namespaceLabels)) return undefined;
  return [object, write.old].some((each) => isSelected(objectSelector, each)) ? version : undefined;
}

/** What has no metadata, as the options of a connection, is found by no selector that asks for anything. */
function isSelected(selector: LabelSelector, object: SentObject | undefined): boolean {
  if (object?.metadata !== undefined) return matchesLabelSelector(selector, object.metadata.labels);
  return object !== undefined && isEmptySelector(selector);
}

function matchesRule(rule: RuleWithOperations, write: ExternalWrite, { type }: ResourceDefinition): boolean {
  const { operations = [], apiGroups = [], apiVersions = [], resources = [], scope = '*' } = rule;
  return (
    includes(operations, write.operation) &&
    includes(apiGroups, type.group) &&
    includes(apiVersions, type.version) &&
    resources.some((pattern) => matchesResource(pattern, type.plural, write.subresource)) &&
    (scope === '*' || (scope === 'Namespaced') === isNamespaced(write))
  );
}

function includes(values: readonly string[], value: string): boolean {
  return values.includes('*') || values.includes(value);
}

/** A namespace itself lies in none. */
function isNamespaced({ definition }: ExternalWrite): boolean {
  return definition.type.namespaced;
}

/** `pods`, `pods/status`, all of a resource by a star behind the slash, and `*` for every resource. */
function matchesResource(pattern: string, plural: string, subresource: string): boolean {
  const [resource = '', below = ''] = pattern.split('/');
  return (resource === '*' || resource === plural) && (below === subresource || (below === '*' && pattern !== '*'));
}
