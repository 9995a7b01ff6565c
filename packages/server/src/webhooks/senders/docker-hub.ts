/** https://docs.docker.com/docker-hub/repos/manage/webhooks/: signs nothing and takes nothing but an address. */
import { requireText, timeAt } from '../json-fields.ts';
import { hasSecretPath } from '../verify.ts';
import { pushedImage } from './pushed.ts';
import type { Sender } from './sender.ts';

export const dockerHub: Sender = {
  brings: ['image'],
  secretGoes: 'address',
  isGenuine: hasSecretPath,
  deliveryOf: () => undefined,
  // It also names an address to call back, at which nobody is called: whoever knows the address of ours could choose it.
  read: (body) => ({
    events: [
      pushedImage({
        repository: `docker.io/${requireText(body, 'repository', 'repo_name')}`,
        tag: requireText(body, 'push_data', 'tag'),
      }),
    ],
    at: timeAt(body, 'push_data', 'pushed_at'),
  }),
};
