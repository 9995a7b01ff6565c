/** https://docs.github.com/en/webhooks/webhook-events-and-payloads: pushes, and packages that are containers. */
import { fieldAt, requireText, textAt, timeAt } from '../json-fields.ts';
import { headerOf, isSigned } from '../verify.ts';
import { pushedCommit, pushedImage } from './pushed.ts';
import { ignore, type Reading, type Sender } from './sender.ts';

export const github: Sender = {
  brings: ['image', 'commit'],
  secretGoes: 'secret',
  // Not the older header, whose SHA-1 nobody should rely on any more.
  isGenuine: (message, secret) => isSigned(message, secret, { name: 'x-hub-signature-256', prefix: 'sha256=' }),
  deliveryOf: (headers) => headerOf(headers, 'x-github-delivery'),
  // What it is stands in a header that is not signed: it has to have the form of it too.
  read: (body, headers) => {
    const event = headerOf(headers, 'x-github-event') ?? '';
    if (event === 'push') return readPush(body);
    if (event === 'package' || event === 'registry_package') return readPackage(body, fieldAt(body, event));
    return ignore(`"${event.slice(0, 100)}" is neither a push nor a package`);
  },
};

function readPush(body: unknown): Reading {
  return pushedCommit({
    repository: requireText(body, 'repository', 'clone_url'),
    ref: requireText(body, 'ref'),
    commit: requireText(body, 'after'),
    at: timeAt(body, 'repository', 'pushed_at'),
  });
}

function readPackage(body: unknown, given: unknown): Reading {
  const at = timeAt(given, 'updated_at');
  const action = requireText(body, 'action');
  if (action !== 'published' && action !== 'updated')
    return ignore(`a package was ${action.slice(0, 100)}, not published`, at);
  if (requireText(given, 'package_type').toLowerCase() !== 'container')
    return ignore('the package is no container', at);
  const tag = fieldAt(given, 'package_version', 'container_metadata', 'tag');
  const name = textAt(tag, 'name');
  if (name === undefined) return ignore('the package has no tag', at);
  // Owners are written as they like it, images in small letters.
  const owner = requireText(given, 'namespace').split('/')[0] ?? '';
  const repository = `ghcr.io/${owner}/${requireText(given, 'name')}`.toLowerCase();
  return { events: [pushedImage({ repository, tag: name, digest: textAt(tag, 'digest') })], at };
}
