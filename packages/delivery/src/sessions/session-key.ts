/** The Secret that signs sessions: one for all versions of an Application, made once and gone with it. */
import { randomBytes } from 'node:crypto';
import type { Secret } from '@slipway/kube/api.generated';
import type { Application } from '../api/application.ts';
import { annotations, labels } from '../names.ts';

const keyBytes = 32;

export function sessionKeyName(application: string): string {
  return `${application}-sessions`;
}

/** With another key every session would be over: it is never written again. */
export function newSessionKey({ metadata }: Application): Secret {
  const { name = '', namespace, uid = '' } = metadata;
  return {
    metadata: {
      name: sessionKeyName(name),
      namespace,
      labels: { [labels.application]: name },
      annotations: { [annotations.ownerUid]: uid },
    },
    type: 'Opaque',
    immutable: true,
    data: { key: randomBytes(keyBytes).toString('base64') },
  };
}
