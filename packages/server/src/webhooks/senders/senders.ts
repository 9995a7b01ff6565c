import type { SenderName } from '../webhook.ts';
import { distribution } from './distribution.ts';
import { dockerHub } from './docker-hub.ts';
import { gitea } from './gitea.ts';
import { github } from './github.ts';
import { gitlab } from './gitlab.ts';
import { harbor } from './harbor.ts';
import { quay } from './quay.ts';
import type { Sender } from './sender.ts';

export const senders: Readonly<Record<SenderName, Sender>> = {
  dockerHub,
  github,
  gitlab,
  gitea,
  harbor,
  quay,
  distribution,
};
