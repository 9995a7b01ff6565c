/** https://distribution.github.io/distribution/about/notifications/: also the registries that are built on it. */
import { fieldAt, listAt, requireText, textAt, timeAt, Unreadable } from '../json-fields.ts';
import { isAuthorized } from '../verify.ts';
import type { PushedImage } from '../webhook.ts';
import { pushedImage } from './pushed.ts';
import { ignore, maximumEvents, type Reading, type Sender } from './sender.ts';

export const distribution: Sender = {
  brings: ['image'],
  secretGoes: 'authorizationHeader',
  insists: () => true,
  isGenuine: isAuthorized,
  deliveryOf: () => undefined,
  read: readEnvelope,
};

export function readEnvelope(body: unknown): Reading {
  const entries = listAt(body, maximumEvents, 'events');
  const times = entries.flatMap((entry) => timeAt(entry, 'timestamp') ?? []);
  const at = times.length === 0 ? undefined : Math.max(...times);
  const events = entries.flatMap(readEvent);
  return events.length === 0 ? ignore('no tag was pushed', at) : { events, at };
}

/** None for layers, for what is pulled or deleted, and for what is pushed by its digest alone. */
function readEvent(event: unknown): readonly PushedImage[] {
  if (textAt(event, 'action') !== 'push') return [];
  const target = fieldAt(event, 'target');
  const tag = textAt(target, 'tag');
  if (tag === undefined) return [];
  const host = textAt(event, 'request', 'host') ?? hostOf(requireText(target, 'url'));
  return [
    pushedImage({
      repository: `${host}/${requireText(target, 'repository')}`,
      tag,
      digest: requireText(target, 'digest'),
    }),
  ];
}

function hostOf(url: string): string {
  if (!URL.canParse(url)) throw new Unreadable('target.url is no address');
  return new URL(url).host;
}
