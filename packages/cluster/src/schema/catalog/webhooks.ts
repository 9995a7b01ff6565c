/** Whom the API server asks before it stores an object. */
import type {
  AdmissionregistrationV1WebhookClientConfig,
  MatchCondition,
  MutatingWebhook,
  MutatingWebhookConfiguration,
  RuleWithOperations,
  ValidatingWebhook,
  ValidatingWebhookConfiguration,
} from '@slipway/kube/api.generated';
import { isSameJson } from '@slipway/kube/json-equality';
import { mutatingWebhookConfigurations, validatingWebhookConfigurations } from '@slipway/kube/resources';
import type { Fault } from '../definition.ts';
import { define } from '../entry.ts';
import { duplicate, invalid, misnamed, notSupported, required } from '../faults.ts';
import { goStrings } from '../go-text.ts';
import { lateModule } from '../late-module.ts';
import { dns1123Subdomain } from '../names.ts';

const loadedConditions = lateModule(() => import('./check-conditions.ts'));

type Webhook = ValidatingWebhook | MutatingWebhook;

export const validatingWebhookConfiguration = define<ValidatingWebhookConfiguration>({
  type: validatingWebhookConfigurations,
  schemaType: 'io.k8s.api.admissionregistration.v1.ValidatingWebhookConfiguration',
  categories: ['api-extensions'],
  nameRule: dns1123Subdomain,
  columns: [{ name: 'Webhooks', type: 'integer', cell: ({ webhooks = [] }) => webhooks.length }],
  defaults: (object) =>
    object.webhooks === undefined ? object : { ...object, webhooks: object.webhooks.map(defaultWebhook) },
  validate: ({ webhooks = [] }, old) => validateWebhooks(webhooks, old?.webhooks),
});

export const mutatingWebhookConfiguration = define<MutatingWebhookConfiguration>({
  type: mutatingWebhookConfigurations,
  schemaType: 'io.k8s.api.admissionregistration.v1.MutatingWebhookConfiguration',
  categories: ['api-extensions'],
  nameRule: dns1123Subdomain,
  columns: [{ name: 'Webhooks', type: 'integer', cell: ({ webhooks = [] }) => webhooks.length }],
  defaults: (object) =>
    object.webhooks === undefined
      ? object
      : {
          ...object,
          webhooks: object.webhooks.map((webhook) => ({ reinvocationPolicy: 'Never', ...defaultWebhook(webhook) })),
        },
  validate: ({ webhooks = [] }, old) => validateWebhooks(webhooks, old?.webhooks),
});

function defaultWebhook<T extends Webhook>(webhook: T): T {
  const { clientConfig, rules } = webhook;
  return {
    failurePolicy: 'Fail',
    matchPolicy: 'Equivalent',
    namespaceSelector: {},
    objectSelector: {},
    timeoutSeconds: 10,
    ...webhook,
    ...(clientConfig?.service === undefined
      ? {}
      : { clientConfig: { ...clientConfig, service: { port: 443, ...clientConfig.service } } }),
    ...(rules === undefined ? {} : { rules: rules.map((rule) => ({ scope: '*', ...rule })) }),
  };
}

function validateWebhooks(webhooks: readonly Webhook[], old: readonly Webhook[] = []): readonly Fault[] {
  const hasOldConditions = areConditionsUnchanged(webhooks, old);
  const names = webhooks.map(({ name }) => name);
  return webhooks.flatMap((webhook, index) => [
    ...validateWebhook(webhook, `webhooks[${index}]`),
    ...(hasOldConditions ? [] : validateConditions(webhook.matchConditions, `webhooks[${index}].matchConditions`)),
    ...(names.indexOf(webhook.name) < index ? [duplicate(`webhooks[${index}].name`, webhook.name)] : []),
  ]);
}

function validateWebhook(webhook: Partial<Webhook>, path: string): readonly Fault[] {
  const { rules = [], timeoutSeconds, admissionReviewVersions = [] } = webhook;
  return [
    ...validateName(webhook.name ?? '', `${path}.name`),
    ...validateVersions(admissionReviewVersions, `${path}.admissionReviewVersions`),
    ...rules.flatMap((rule, index) => validateRule(rule, `${path}.rules[${index}]`)),
    ...oneOf(webhook.failurePolicy, ['Fail', 'Ignore'], `${path}.failurePolicy`),
    ...oneOf(webhook.matchPolicy, ['Equivalent', 'Exact'], `${path}.matchPolicy`),
    ...(webhook.sideEffects === undefined
      ? [required(`${path}.sideEffects`, 'must specify one of None, NoneOnDryRun')]
      : oneOf(webhook.sideEffects, ['None', 'NoneOnDryRun'], `${path}.sideEffects`)),
    ...(timeoutSeconds !== undefined && (timeoutSeconds < 1 || timeoutSeconds > 30)
      ? [invalid(`${path}.timeoutSeconds`, timeoutSeconds, 'the timeout value must be between 1 and 30 seconds')]
      : []),
    ...validateClient(webhook.clientConfig ?? {}, `${path}.clientConfig`),
  ];
}

/** What is stored may be older than the rules for it: whoever changes something else is not kept from it, as in Kubernetes. */
function areConditionsUnchanged(webhooks: readonly Webhook[], old: readonly Webhook[]): boolean {
  const conditionsOf = (all: readonly Webhook[]): unknown => all.map(({ matchConditions = [] }) => matchConditions);
  return isSameJson(conditionsOf(webhooks), conditionsOf(old));
}

function validateConditions(conditions: readonly MatchCondition[] = [], path: string): readonly Fault[] {
  return conditions.length === 0 ? [] : loadedConditions().checkConditions(conditions, path);
}

function validateName(name: string, field: string): readonly Fault[] {
  if (name === '') return [required(field)];
  return [
    ...misnamed(field, name, dns1123Subdomain),
    ...(name.split('.').length < 3
      ? [invalid(field, name, 'should be a domain with at least three segments separated by dots')]
      : []),
  ];
}

function validateVersions(versions: readonly string[], field: string): readonly Fault[] {
  if (versions.length === 0) return [required(field, 'must specify one of v1, v1beta1')];
  return versions.some((version) => version === 'v1' || version === 'v1beta1')
    ? []
    : [invalid(field, goStrings(versions), 'must include at least one of v1, v1beta1')];
}

const operations = ['*', 'CONNECT', 'CREATE', 'DELETE', 'UPDATE'];

function validateRule(rule: RuleWithOperations, path: string): readonly Fault[] {
  const lists = (['operations', 'apiGroups', 'apiVersions', 'resources'] as const).flatMap((field) => {
    const values: readonly string[] = rule[field] ?? [];
    if (values.length === 0) return [required(`${path}.${field}`)];
    return values.length > 1 && values.includes('*')
      ? [invalid(`${path}.${field}`, goStrings(values), "if '*' is present, must not specify other values")]
      : [];
  });
  return [
    ...lists,
    ...(rule.operations ?? []).flatMap((operation, index) =>
      oneOf(operation, operations, `${path}.operations[${index}]`),
    ),
    ...oneOf(rule.scope, ['*', 'Cluster', 'Namespaced'], `${path}.scope`),
  ];
}

function validateClient({ url, service }: AdmissionregistrationV1WebhookClientConfig, path: string): readonly Fault[] {
  if ((url === undefined) === (service === undefined))
    return [required(path, 'exactly one of url or service is required')];
  if (url !== undefined) return validateUrl(url, `${path}.url`);
  return (['name', 'namespace'] as const)
    .filter((field) => (service?.[field] ?? '') === '')
    .map((field) => required(`${path}.service.${field}`, `service ${field} is required`));
}

function validateUrl(url: string, field: string): readonly Fault[] {
  const form = '; desired format: https://host[/path]';
  const parsed = URL.parse(url);
  if (parsed === null) return [required(field, `url must be a valid URL: ${url}${form}`)];
  return [
    ...(parsed.protocol === 'https:'
      ? []
      : [invalid(field, parsed.protocol.slice(0, -1), `'https' is the only allowed URL scheme${form}`)]),
    ...(parsed.host === '' ? [invalid(field, parsed.host, `host must be specified${form}`)] : []),
    ...(parsed.username === '' && parsed.password === ''
      ? []
      : [invalid(field, parsed.username, `user information is not permitted in the URL`)]),
    ...(parsed.hash === '' ? [] : [invalid(field, parsed.hash.slice(1), 'fragments are not permitted in the URL')]),
    ...(parsed.search === ''
      ? []
      : [invalid(field, parsed.search.slice(1), 'query parameters are not permitted in the URL')]),
  ];
}

function oneOf(value: string | undefined, values: readonly string[], field: string): readonly Fault[] {
  return value === undefined || values.includes(value) ? [] : [notSupported(field, value, values)];
}
