/** Everything that is wrong with the checks of an Application beyond the shape of their fields, at once. */
import { messageOf } from '@slipway/kube/message-of';
import type { StatusCause } from '@slipway/kube/status-error';
import type { ApplicationSpec } from '../../api/application.ts';
import type { Check, PrometheusProvider, WebProvider } from '../../api/check.ts';
import { parseJsonPath } from './json-path.ts';
import { variablesOf, type CompileExpression } from './judge-sample.ts';
import {
  findUnknownPlaceholders,
  findUnquotedPlaceholders,
  hasPlaceholder,
  placeholders,
  splitTemplate,
} from './query-template.ts';
import { defaultCount, defaultFailureLimit, defaultInterval, parseInterval } from './terms.ts';
import { parseHttpUrl, resolveUrl } from './url-template.ts';

type CheckedSpec = Pick<ApplicationSpec, 'checks' | 'route'>;

/** What is known without an evaluator of expressions, which is loaded only where there are checks. */
export function validateChecks(spec: CheckedSpec): readonly StatusCause[] {
  const { checks = [] } = spec;
  return checks.flatMap((check, index) => {
    const path = pathOf(index);
    return [
      ...validateName(check, path, checks.slice(0, index)),
      ...validateTerms(check, path),
      ...validateProvider(check, path, spec),
    ];
  });
}

/** Expressions that cannot be read, or that come to no boolean. */
export function validateExpressions(
  { checks = [] }: Pick<CheckedSpec, 'checks'>,
  compile: CompileExpression,
): readonly StatusCause[] {
  return checks.flatMap((check, index) => validateExpression(check, pathOf(index), compile));
}

function pathOf(index: number): string {
  return `spec.checks[${index}]`;
}

export interface CheckReference {
  /** `spec.strategy.canary.steps[2].check` */
  readonly field: string;
  readonly name: string;
}

/** Steps that name a check which there is none of. */
export function validateCheckReferences(
  references: readonly CheckReference[],
  checks: readonly Check[] = [],
): readonly StatusCause[] {
  const names = checks.map(({ name }) => name);
  return references
    .filter(({ name }) => !names.includes(name))
    .map(({ field, name }) =>
      fault(field, `there is no check named "${name}" in spec.checks, there are: ${names.join(', ') || '(none)'}`),
    );
}

function fault(field: string, message: string): StatusCause {
  return { reason: 'FieldValueInvalid', field, message };
}

function validateName({ name }: Check, path: string, earlier: readonly Check[]): readonly StatusCause[] {
  const isLabel = /^[a-z0-9]([-a-z0-9]*[a-z0-9])?$/.test(name) && name.length <= 63;
  return [
    ...(isLabel
      ? []
      : [fault(`${path}.name`, `"${name}" must be of lower case letters, digits and "-", at most 63 characters`)]),
    ...(earlier.some((check) => check.name === name)
      ? [fault(`${path}.name`, `"${name}" is the name of an earlier check: every check needs one of its own`)]
      : []),
  ];
}

function validateTerms(check: Check, path: string): readonly StatusCause[] {
  const { interval = defaultInterval, count = defaultCount, failureLimit = defaultFailureLimit } = check;
  return [
    ...(parseInterval(interval) === undefined
      ? [fault(`${path}.interval`, `"${interval}" must be a time of at most a day such as "30s", "5m" or "1m30s"`)]
      : []),
    ...(failureLimit >= count
      ? [fault(`${path}.failureLimit`, `${failureLimit} must be less than count (${count}), or it could never fail`)]
      : []),
  ];
}

function validateProvider(check: Check, path: string, { route }: CheckedSpec): readonly StatusCause[] {
  const { prometheus, gateway, web } = check.provider;
  const given = Object.entries({ prometheus, gateway, web }).filter(([, provider]) => provider !== undefined);
  if (given.length !== 1)
    return [
      fault(
        `${path}.provider`,
        `must have exactly one of prometheus, gateway and web, has ${given.map(([name]) => name).join(', ') || 'none'}`,
      ),
    ];
  return [
    ...(prometheus === undefined ? [] : validatePrometheus(prometheus, check, `${path}.provider.prometheus`)),
    ...(web === undefined ? [] : validateWeb(web, check, `${path}.provider.web`)),
    ...(gateway === undefined ? [] : validateGateway(check, `${path}.provider.gateway`, route)),
  ];
}

function validatePrometheus(
  { address, query, insecure, secretRef }: PrometheusProvider,
  check: Check,
  path: string,
): readonly StatusCause[] {
  return [
    ...validateAddress(address, `${path}.address`),
    ...(secretRef !== undefined && insecure !== true && address.startsWith('http://')
      ? [fault(`${path}.secretRef`, 'credentials are sent by https only: give an https address, or set insecure')]
      : []),
    ...validatePlaceholders(query, `${path}.query`),
    ...findUnquotedPlaceholders(query).map((name) =>
      fault(`${path}.query`, `{{${name}}} stands outside of a string: write it in quotes, as in version="{{version}}"`),
    ),
    ...validateComparison(check, `${path}.query`, query),
  ];
}

function validateAddress(address: string, field: string): readonly StatusCause[] {
  const message = faultOf(() => {
    const { search, hash } = parseHttpUrl(address);
    if (search !== '' || hash !== '') throw new Error('must not have a query or a fragment');
  });
  return message === undefined ? [] : [fault(field, `"${address}" ${message}`)];
}

function validatePlaceholders(template: string, field: string): readonly StatusCause[] {
  const expected = placeholders.map((name) => `{{${name}}}`).join(', ');
  const isOpen = splitTemplate(template).some((part) => 'text' in part && part.text.includes('{{'));
  return [
    ...findUnknownPlaceholders(template).map((name) =>
      fault(field, `{{${name}}} is not a placeholder, expected one of: ${expected}`),
    ),
    ...(isOpen ? [fault(field, 'has a placeholder that is not closed by }}')] : []),
  ];
}

/** Both versions would be asked the same. */
function validateComparison({ baseline }: Check, field: string, template: string): readonly StatusCause[] {
  return baseline === true && !hasPlaceholder(template, ['version', 'service'])
    ? [fault(field, 'must name {{version}} or {{service}}, because baseline asks the same of the stable version')]
    : [];
}

/** What stands for the values when a URL is looked at before there are any. */
const sampleValues = { namespace: 'n', application: 'a', version: 'v', stable: 's', service: 's' };

/** They frame the request, or are credentials. */
const reservedHeaders: ReadonlySet<string> = new Set([
  'authorization',
  'proxy-authorization',
  'cookie',
  'host',
  'connection',
  'content-length',
  'transfer-encoding',
  'upgrade',
  'te',
  'expect',
  'accept-encoding',
  'user-agent',
]);

function validateWeb({ url, jsonPath, headers = {}, secretRef }: WebProvider, check: Check, path: string) {
  const message = findUnknownPlaceholders(url).length > 0 ? undefined : faultOf(() => resolveUrl(url, sampleValues));
  return [
    ...validatePlaceholders(url, `${path}.url`),
    ...(message === undefined ? [] : [fault(`${path}.url`, `"${url}" ${message}`)]),
    ...validateComparison(check, `${path}.url`, url),
    ...(secretRef !== undefined && url.startsWith('http://')
      ? [fault(`${path}.secretRef`, 'credentials are sent by https only: give an https URL')]
      : []),
    ...(parseJsonPath(jsonPath) === undefined
      ? [fault(`${path}.jsonPath`, `"${jsonPath}" must be a path to one value, such as $.data.items[0]['error.rate']`)]
      : []),
    ...Object.entries(headers).flatMap(([name, text]) => validateHeader(name, text, `${path}.headers`)),
  ];
}

function validateHeader(name: string, text: string, field: string): readonly StatusCause[] {
  if (reservedHeaders.has(name.toLowerCase()))
    return [fault(field, `${name} cannot be set here: credentials belong in a Secret, named in secretRef`)];
  const isToken = /^[!#$%&'*+.^_`|~0-9A-Za-z-]+$/.test(name);
  const isText = /^[\x20-\x7e]*$/.test(text);
  return isToken && isText
    ? []
    : [fault(field, `${JSON.stringify(name)} must be the name of a header, with printable text`)];
}

function validateGateway(
  { provider: { gateway } }: Check,
  path: string,
  route: CheckedSpec['route'],
): readonly StatusCause[] {
  const isRouted = route !== undefined && (route.through ?? 'gateway') === 'gateway';
  return [
    ...(isRouted ? [] : [fault(path, 'the gateway counts what comes through it: give spec.route through gateway')]),
    ...(gateway?.quantile !== undefined && gateway.metric !== 'duration'
      ? [fault(`${path}.quantile`, `belongs to the metric duration, not to ${gateway.metric}`)]
      : []),
  ];
}

function validateExpression(check: Check, path: string, compile: CompileExpression): readonly StatusCause[] {
  const message = describeExpression(check, compile);
  return message === undefined
    ? []
    : [fault(`${path}.successWhen`, `${JSON.stringify(check.successWhen)}: ${message}`)];
}

function describeExpression(check: Check, compile: CompileExpression): string | undefined {
  const variables = variablesOf(check);
  let resultType = '';
  const message = faultOf(() => {
    ({ resultType } = compile(check.successWhen, variables));
  });
  if (message !== undefined) return `${oneLine(message)} (it may name ${Object.keys(variables).join(', ')})`;
  return resultType === 'bool' ? undefined : `comes to ${resultType}, expected bool, as in value < 0.05`;
}

/** `1:5: undeclared reference to 'rate'`, without the expression that the evaluator shows below. */
function oneLine(message: string): string {
  const [first = ''] = message.split('\n');
  return first.replace('ERROR: <input>:', '');
}

function faultOf(attempt: () => unknown): string | undefined {
  try {
    attempt();
    return undefined;
  } catch (error) {
    return messageOf(error);
  }
}
