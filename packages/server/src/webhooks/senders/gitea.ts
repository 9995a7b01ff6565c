/** https://docs.gitea.com/usage/repository/webhooks: also Forgejo, which sends the same. */
import { requireText } from '../json-fields.ts';
import { headerOf, isSigned } from '../verify.ts';
import { pushedCommit } from './pushed.ts';
import { ignore, type Sender } from './sender.ts';

export const gitea: Sender = {
  brings: ['commit'],
  secretGoes: 'secret',
  isGenuine: (message, secret) => isSigned(message, secret, { name: 'x-gitea-signature', prefix: '' }),
  deliveryOf: (headers) => headerOf(headers, 'x-gitea-delivery'),
  read: (body, headers) => {
    const event = headerOf(headers, 'x-gitea-event') ?? '';
    if (event !== 'push') return ignore(`"${event.slice(0, 100)}" is no push`);
    return pushedCommit({
      repository: requireText(body, 'repository', 'clone_url'),
      ref: requireText(body, 'ref'),
      commit: requireText(body, 'after'),
    });
  },
};
