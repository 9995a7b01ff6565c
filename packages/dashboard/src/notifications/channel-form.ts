/** What somebody has filled in of a channel, as the server takes it; and what is said of one. Pure. */
import { releasePhases } from '@slipway/delivery/api/release';
import type { ChannelAnswer } from '../api/answers.ts';
import { givenText, textOf, wordsOf } from '../parts/form-words.ts';

export const channelTypes = [
  { name: 'slack', label: 'Slack' },
  { name: 'teams', label: 'Microsoft Teams' },
  { name: 'discord', label: 'Discord' },
  { name: 'email', label: 'Mail' },
  { name: 'webhook', label: 'Signed webhook' },
  { name: 'cloudevents', label: 'CloudEvents' },
] as const;
export type ChannelType = (typeof channelTypes)[number]['name'];

export function labelOf(type: string): string {
  return channelTypes.find(({ name }) => name === type)?.label ?? type;
}

/** As the server calls them. */
export const events: readonly string[] = [
  ...releasePhases.map((phase) => `release.${phase.charAt(0).toLowerCase()}${phase.slice(1)}`),
  'release.approvalWanted',
];

/** `rolled back` */
export function describeEventType(type: string): string {
  return type.replace(/^release\./, '').replaceAll(/[A-Z]/g, (letter) => ` ${letter.toLowerCase()}`);
}

/** Fields that stay empty are left out: of a secret the server keeps the one that it has. */
export function readChannel(data: FormData): object {
  const type = textOf(data, 'type');
  const template = textOf(data, 'template');
  return {
    name: textOf(data, 'name'),
    type,
    enabled: data.get('enabled') !== null,
    filter: readFilter(data),
    ...(template === '' ? {} : { template }),
    ...addressOf(type, data),
  };
}

function addressOf(type: string, data: FormData): object {
  switch (type) {
    case 'email':
      return { mail: readMail(data), ...givenText(data, 'secret') };
    case 'webhook':
      return { ...givenText(data, 'url'), ...givenText(data, 'secret') };
    case 'cloudevents':
      return { ...givenText(data, 'url'), ...givenText(data, 'secret'), ...givenText(data, 'mode') };
    default:
      return givenText(data, 'secretUrl');
  }
}

function readMail(data: FormData): object {
  return {
    host: textOf(data, 'host'),
    port: Number(textOf(data, 'port')),
    security: textOf(data, 'security'),
    ...givenText(data, 'user'),
    from: textOf(data, 'from'),
    to: textOf(data, 'to')
      .split(/[,;\n]+/)
      .map((each) => each.trim())
      .filter((each) => each !== ''),
  };
}

function readFilter(data: FormData): object {
  const chosen = {
    namespaces: wordsOf(textOf(data, 'namespaces')),
    applications: wordsOf(textOf(data, 'applications')),
    events: data.getAll('events').map(String),
  };
  return Object.fromEntries(Object.entries(chosen).filter(([, names]) => names.length > 0));
}

/** `succeeded and failed of shop in all namespaces` */
export function describeFilter({ events: types, applications, namespaces }: ChannelAnswer['filter']): string {
  const told = types === undefined ? 'everything' : types.map(describeEventType).join(', ');
  const of = applications === undefined ? 'all applications' : applications.join(', ');
  return `${told}, of ${of} in ${namespaces === undefined ? 'all namespaces' : namespaces.join(', ')}`;
}

/** Where it goes, as far as that is no secret. */
export function describeAddress({ url, host, mail }: ChannelAnswer): string {
  return url ?? host ?? mail?.to.join(', ') ?? '';
}
