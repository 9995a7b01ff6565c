/** Where somebody wants to be told, of what, and in which words. */
import type { Row, SqlValue } from '../database/database.ts';
import { optional } from '../optional.ts';
import type { ReleaseEvent } from './release-events.ts';

export const channelTypes = ['slack', 'teams', 'discord', 'email', 'webhook', 'cloudevents'] as const;
export type ChannelType = (typeof channelTypes)[number];

export const mailSecurities = ['tls', 'starttls', 'none'] as const;

export interface MailSettings {
  readonly host: string;
  readonly port: number;
  readonly security: (typeof mailSecurities)[number];
  readonly user?: string | undefined;
  readonly from: string;
  readonly to: readonly string[];
}

/** Absent: all of them. */
export interface ChannelFilter {
  readonly namespaces?: readonly string[] | undefined;
  readonly applications?: readonly string[] | undefined;
  readonly events?: readonly string[] | undefined;
}

export interface ChannelSpec {
  readonly name: string;
  readonly type: ChannelType;
  /** Of a webhook and of CloudEvents. */
  readonly url?: string | undefined;
  /** Of Slack, Teams and Discord: who has it may write there. */
  readonly secretUrl?: string | undefined;
  /** By which a webhook is signed; the password of a mail server; the bearer token of CloudEvents. */
  readonly secret?: string | undefined;
  readonly mail?: MailSettings | undefined;
  /** Of CloudEvents. */
  readonly mode?: 'structured' | 'binary' | undefined;
  readonly filter: ChannelFilter;
  readonly template?: string | undefined;
  readonly enabled: boolean;
}

export interface Channel extends ChannelSpec {
  readonly id: string;
  readonly createdAt: string;
  readonly createdBy: string;
  /** What it was not told of, because too much waited for it. */
  readonly leftOut?: { readonly count: number; readonly since: string; readonly last: string } | undefined;
}

export function isWanted({ enabled, filter }: Pick<Channel, 'enabled' | 'filter'>, event: ReleaseEvent): boolean {
  const { namespaces, applications, events } = filter;
  return (
    enabled &&
    (namespaces?.includes(event.namespace) ?? true) &&
    (applications?.includes(event.application) ?? true) &&
    (events?.includes(event.type) ?? true)
  );
}

export function parseChannel(row: Row): Channel {
  return {
    ...(JSON.parse(String(row['spec'])) as ChannelSpec),
    id: String(row['id']),
    createdAt: String(row['created_at']),
    createdBy: String(row['created_by']),
    ...optional('leftOut', parseLeftOut(row)),
  };
}

function parseLeftOut(row: Row): Channel['leftOut'] {
  const count = Number(row['left_out'] ?? 0);
  return count === 0 ? undefined : { count, since: String(row['left_out_since']), last: String(row['left_out_at']) };
}

export function channelValues({ id, createdAt, createdBy, leftOut: _, ...spec }: Channel): readonly SqlValue[] {
  return [id, spec.name, JSON.stringify(spec), createdAt, createdBy];
}

/** An address counts as secret too: its query may carry a key. */
export function mapSecrets(channel: Channel, map: (secret: string, place: string) => string): Channel {
  const mapped = (['url', 'secretUrl', 'secret'] as const).flatMap((field) => {
    const secret = channel[field];
    return secret === undefined ? [] : [[field, map(secret, `channel ${channel.id} ${field}`)]];
  });
  return { ...channel, ...Object.fromEntries(mapped) };
}
