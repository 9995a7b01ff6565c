/** What Kubernetes asks of Secrets by their type. https://kubernetes.io/docs/concepts/configuration/secret/#secret-types */
import type { Secret } from '@slipway/kube/api.generated';
import type { Fault } from '../definition.ts';
import { invalid, required } from '../faults.ts';

/** Whoever reads a Secret of such a type relies on them. */
const requiredKeys: ReadonlyMap<string, readonly string[]> = new Map([
  ['kubernetes.io/tls', ['tls.crt', 'tls.key']],
  ['kubernetes.io/ssh-auth', ['ssh-privatekey']],
  ['kubernetes.io/dockercfg', ['.dockercfg']],
  ['kubernetes.io/dockerconfigjson', ['.dockerconfigjson']],
]);

const accountAnnotation = 'kubernetes.io/service-account.name';

export function checkSecretType({ type = '', data = {}, metadata }: Secret): readonly Fault[] {
  const missing = (requiredKeys.get(type) ?? []).filter((key) => data[key] === undefined);
  const faults = missing.map((key) => required(`data[${key}]`));
  switch (type) {
    case 'kubernetes.io/dockercfg':
      return [...faults, ...checkJson(data, '.dockercfg')];
    case 'kubernetes.io/dockerconfigjson':
      return [...faults, ...checkJson(data, '.dockerconfigjson')];
    case 'kubernetes.io/basic-auth':
      return data['username'] === undefined && data['password'] === undefined
        ? [required('data[username]'), required('data[password]')]
        : [];
    case 'kubernetes.io/service-account-token':
      return (metadata.annotations?.[accountAnnotation] ?? '') === ''
        ? [required(`metadata.annotations[${accountAnnotation}]`)]
        : [];
    default:
      return faults;
  }
}

function checkJson(data: NonNullable<Secret['data']>, key: string): readonly Fault[] {
  const encoded = data[key];
  if (encoded === undefined) return [];
  const value = parse(Buffer.from(encoded, 'base64').toString());
  const isObject = typeof value === 'object' && !Array.isArray(value);
  return isObject ? [] : [invalid(`data[${key}]`, '<secret contents redacted>', 'must be a JSON object')];
}

/** Undefined for what is no JSON. */
function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    // That is what is asked.
    return undefined;
  }
}
