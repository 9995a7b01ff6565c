/**
 * https://goharbor.io/docs/main/working-with-projects/project-configuration/configure-webhooks/: both of its formats, its own
 * and CloudEvents. It sends the header that it is told to.
 */
import { fieldAt, listAt, requireText, textAt, timeAt, Unreadable } from '../json-fields.ts';
import { isAuthorized } from '../verify.ts';
import type { PushedImage } from '../webhook.ts';
import { pushedImage } from './pushed.ts';
import { ignore, maximumEvents, type Reading, type Sender } from './sender.ts';

export const harbor: Sender = {
  brings: ['image'],
  secretGoes: 'authorizationHeader',
  isGenuine: isAuthorized,
  deliveryOf: () => undefined,
  read: (body) => {
    const isCloudEvent = textAt(body, 'specversion') !== undefined;
    const type = requireText(body, 'type');
    const at = isCloudEvent ? timeAt(body, 'time') : timeAt(body, 'occur_at');
    if (type !== 'PUSH_ARTIFACT' && type !== 'harbor.artifact.pushed')
      return ignore(`${type.slice(0, 100)} is no push`, at);
    return readPush(fieldAt(body, isCloudEvent ? 'data' : 'event_data'), at);
  },
};

function readPush(data: unknown, at: number | undefined): Reading {
  const name = requireText(data, 'repository', 'repo_full_name');
  const events = listAt(data, maximumEvents, 'resources').flatMap((resource) => readResource(resource, name));
  return events.length === 0 ? ignore('what was pushed has no tag', at) : { events, at };
}

/** None for what was pushed by its digest alone. */
function readResource(resource: unknown, name: string): readonly PushedImage[] {
  const url = requireText(resource, 'resource_url');
  const tag = textAt(resource, 'tag');
  const digest = textAt(resource, 'digest');
  if (tag === undefined || tag.startsWith('sha256:')) return [];
  // The registry stands in the address alone, which is the repository's with a tag or digest behind it.
  const registry = url.slice(0, url.indexOf('/'));
  if (!url.startsWith(`${registry}/${name}`))
    throw new Unreadable(`resource_url does not lead to ${name.slice(0, 100)}`);
  return [pushedImage({ repository: `${registry}/${name}`, tag, digest })];
}
