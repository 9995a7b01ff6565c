/** https://docs.quay.io/guides/notifications.html: signs nothing, and names neither a time nor a delivery. */
import { listAt, requireText, Unreadable } from '../json-fields.ts';
import { hasSecretPath } from '../verify.ts';
import { pushedImage } from './pushed.ts';
import { maximumEvents, type Sender } from './sender.ts';

export const quay: Sender = {
  brings: ['image'],
  secretGoes: 'address',
  isGenuine: hasSecretPath,
  deliveryOf: () => undefined,
  read: (body) => {
    const repository = requireText(body, 'docker_url');
    const tags = listAt(body, maximumEvents, 'updated_tags');
    return {
      events: tags.map((tag) => {
        if (typeof tag !== 'string') throw new Unreadable('updated_tags has an entry that is no text');
        return pushedImage({ repository, tag });
      }),
      ...(tags.length === 0 ? { ignored: 'no tag was updated' } : {}),
    };
  },
};
