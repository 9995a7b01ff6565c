/** What a channel needs by its type, and what it cannot have. Pure. */
import type { FieldFault } from '../http/problem.ts';
import type { ChannelSpec } from './channel.ts';
import { findUnknownNames, templateNames } from './template.ts';

/** Shorter keys can be guessed. */
const minimumKeyCharacters = 16;

export function findChannelFaults(spec: ChannelSpec): readonly FieldFault[] {
  return [...addressFaults(spec), ...secretFaults(spec), ...textFaults(spec)];
}

function addressFaults({ type, url, secretUrl, mail, mode }: ChannelSpec): readonly FieldFault[] {
  const wanted = type === 'email' ? 'mail' : type === 'webhook' || type === 'cloudevents' ? 'url' : 'secretUrl';
  const given = { mail, url, secretUrl };
  const faults = (['mail', 'url', 'secretUrl'] as const).flatMap((field) => {
    if (field === wanted) return given[field] === undefined ? [{ field, message: `is needed by type ${type}` }] : [];
    return given[field] === undefined ? [] : [{ field, message: `is not for type ${type}: give ${wanted}` }];
  });
  const modeFaults =
    mode !== undefined && type !== 'cloudevents' ? [{ field: 'mode', message: 'is for type cloudevents alone' }] : [];
  return [...faults, ...modeFaults, ...urlFaults('url', url), ...urlFaults('secretUrl', secretUrl)];
}

function urlFaults(field: string, text: string | undefined): readonly FieldFault[] {
  if (text === undefined) return [];
  const url = URL.parse(text);
  if (url === null) return [{ field, message: 'is no address' }];
  return url.username === '' && url.password === ''
    ? []
    : [{ field, message: 'names a user or a password: give it as secret' }];
}

function secretFaults(spec: ChannelSpec): readonly FieldFault[] {
  return secretRules.filter((rule) => rule.isBroken(spec)).map(({ field, message }) => ({ field, message }));
}

interface SecretRule extends FieldFault {
  readonly isBroken: (spec: ChannelSpec) => boolean;
}

const hasSecret = ({ type, secret }: ChannelSpec, ...types: readonly ChannelSpec['type'][]): boolean =>
  secret !== undefined && types.includes(type);

const secretRules: readonly SecretRule[] = [
  {
    field: 'secret',
    message: `signs what is sent and needs ${minimumKeyCharacters} characters`,
    isBroken: ({ type, secret = '' }) => type === 'webhook' && secret.length < minimumKeyCharacters,
  },
  {
    field: 'secret',
    message: 'is a bearer token: printable ASCII without spaces',
    isBroken: (spec) => hasSecret(spec, 'cloudevents') && !/^[\x21-\x7e]+$/.test(spec.secret ?? ''),
  },
  {
    field: 'url',
    message: 'would send the token in the open: take https',
    isBroken: (spec) => hasSecret(spec, 'cloudevents') && spec.url?.startsWith('http:') === true,
  },
  {
    field: 'mail/user',
    message: 'is needed with a password',
    isBroken: (spec) => hasSecret(spec, 'email') && spec.mail?.user === undefined,
  },
  {
    field: 'mail/security',
    message: 'would send the password in the open: take tls or starttls',
    isBroken: (spec) => hasSecret(spec, 'email') && spec.mail?.security === 'none',
  },
  {
    field: 'secret',
    message: 'is not for this type, whose secret is its address',
    isBroken: (spec) => hasSecret(spec, 'slack', 'teams', 'discord'),
  },
];

function textFaults({ template }: ChannelSpec): readonly FieldFault[] {
  return findUnknownNames(template ?? '').map((name) => ({
    field: 'template',
    message: `names {{${name}}}; there is ${templateNames.map((known) => `{{${known}}}`).join(', ')}`,
  }));
}
