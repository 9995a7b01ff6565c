/** What Kubernetes asks of a pod beyond the shape of its fields. */
import type { PodSpec, Toleration } from '@slipway/kube/api.generated';
import type { Fault } from '../definition.ts';
import { invalid, misnamed, notSupported } from '../faults.ts';
import { GoText } from '../go-text.ts';
import { dns1123Label, dns1123Subdomain, labelValueText, qualifiedKey, type NameRule } from '../names.ts';
import { validateLabels } from '../metadata.ts';
import { checkAffinity } from './affinity-rules.ts';
import { checkContainer, checkIdentity } from './container-rules.ts';
import { checkSettings } from './pod-setting-rules.ts';
import { checkSpread } from './spread-rules.ts';

export function checkPod(spec: PodSpec, path: string): readonly Fault[] {
  const { containers, initContainers = [], securityContext = {} } = spec;
  const { supplementalGroups = [] } = securityContext;
  return [
    ...containers.flatMap((container, index) =>
      checkContainer(container, { path: `${path}.containers[${index}]`, pod: spec, isInit: false }),
    ),
    ...initContainers.flatMap((container, index) => {
      const isInit = container.restartPolicy !== 'Always';
      return checkContainer(container, { path: `${path}.initContainers[${index}]`, pod: spec, isInit });
    }),
    ...checkPlacement(spec, path),
    ...checkSettings(spec, path),
    ...(['runAsUser', 'runAsGroup', 'fsGroup'] as const).flatMap((field) =>
      checkIdentity(securityContext[field], `${path}.securityContext.${field}`),
    ),
    ...supplementalGroups.flatMap((group, index) =>
      checkIdentity(group, `${path}.securityContext.supplementalGroups[${index}]`),
    ),
    ...(spec.shareProcessNamespace === true && spec.hostPID === true
      ? [invalid(`${path}.securityContext.shareProcessNamespace`, true, bothProcesses)]
      : []),
    ...named(spec.hostname, dns1123Label, `${path}.hostname`),
    ...named(spec.subdomain, dns1123Label, `${path}.subdomain`),
    ...(['nodeName', 'serviceAccountName', 'priorityClassName', 'runtimeClassName'] as const).flatMap((field) =>
      named(spec[field], dns1123Subdomain, `${path}.${field}`),
    ),
  ];
}

/** Of where it may run. */
function checkPlacement(spec: PodSpec, path: string): readonly Fault[] {
  const { nodeSelector, affinity, tolerations = [], topologySpreadConstraints = [] } = spec;
  return [
    ...validateLabels(nodeSelector, `${path}.nodeSelector`),
    ...(affinity === undefined ? [] : checkAffinity(affinity, `${path}.affinity`)),
    ...tolerations.flatMap((toleration, index) => checkToleration(toleration, `${path}.tolerations[${index}]`)),
    ...checkSpread(topologySpreadConstraints, `${path}.topologySpreadConstraints`),
  ];
}

const bothProcesses = 'ShareProcessNamespace and HostPID cannot both be enabled';

function named(name: string | undefined, rule: NameRule, field: string): readonly Fault[] {
  return name === undefined || name === '' ? [] : misnamed(field, name, rule);
}

const effects = ['NoSchedule', 'PreferNoSchedule', 'NoExecute'];

function checkToleration(toleration: Toleration, path: string): readonly Fault[] {
  const { key = '', effect = '', tolerationSeconds } = toleration;
  const isLimited = tolerationSeconds !== undefined && effect !== 'NoExecute';
  return [
    ...(key === '' ? [] : misnamed(`${path}.key`, key, qualifiedKey)),
    ...(isLimited
      ? [invalid(`${path}.effect`, effect, "effect must be 'NoExecute' when `tolerationSeconds` is set")]
      : []),
    ...checkOperator(toleration, `${path}.operator`),
    ...(effect === '' || effects.includes(effect) ? [] : [notSupported(`${path}.effect`, effect, effects)]),
  ];
}

function checkOperator(toleration: Toleration, field: string): readonly Fault[] {
  const { key = '', operator = 'Equal', value = '' } = toleration;
  const all = 'operator must be Exists when `key` is empty, which means "match all values and all keys"';
  const isOfAll = key === '' && operator !== 'Exists' ? [invalid(field, toleration.operator ?? '', all)] : [];
  switch (operator) {
    case 'Equal':
      return [...isOfAll, ...misnamed(field, value, labelValueText)];
    case 'Exists':
      return value === ''
        ? isOfAll
        : [invalid(field, describe(toleration), "value must be empty when `operator` is 'Exists'")];
    default:
      return [...isOfAll, notSupported(field, operator, ['Equal', 'Exists'])];
  }
}

/** As Go prints it. */
function describe({ key, operator, value, effect, tolerationSeconds }: Toleration): GoText {
  const texts = Object.entries({ Key: key, Operator: operator, Value: value, Effect: effect });
  const fields = texts.map(([name, text]) => `${name}:${JSON.stringify(text ?? '')}`).join(', ');
  const seconds = tolerationSeconds === undefined ? '(*int64)(nil)' : String(tolerationSeconds);
  return new GoText(`core.Toleration{${fields}, TolerationSeconds:${seconds}}`);
}
