import type { Clock } from '@slipway/kube/clock';
import type { Logger } from '@slipway/kube/logger';
import { mutatingWebhookConfigurations, validatingWebhookConfigurations } from '@slipway/kube/resources';
import type { Catalog } from '../../schema/definition.ts';
import type { ExternalAdmission } from '../external-admission.ts';
import { storePrefix } from '../object-key.ts';
import type { ResourceStore } from '../resource-store.ts';
import type { AdmissionWebhooks } from './admission-webhooks.ts';

export interface LateWebhooksOptions {
  readonly resources: ResourceStore;
  readonly catalog: Catalog;
  readonly clock: Clock;
  readonly logger: Logger;
}

const prefixes = [validatingWebhookConfigurations, mutatingWebhookConfigurations].map((type) =>
  storePrefix(type, undefined),
);

/** Webhooks, whose modules are read with the first write that may have to ask one. Configurations themselves ask nobody. */
export function createLateWebhooks(options: LateWebhooksOptions): ExternalAdmission {
  let loading: Promise<AdmissionWebhooks> | undefined;
  const load = async (): Promise<AdmissionWebhooks> => {
    const [{ AdmissionWebhooks }, { callWebhook }] = await Promise.all([
      import('./admission-webhooks.ts'),
      import('./call-webhook.ts'),
    ]);
    return new AdmissionWebhooks({ ...options, call: callWebhook });
  };
  const webhooks = (): Promise<AdmissionWebhooks> => (loading ??= load());
  const { store } = options.resources;
  return {
    isAsked: ({ type }) =>
      type.group !== validatingWebhookConfigurations.group && prefixes.some((prefix) => store.count(prefix) > 0),
    mutate: async (object, write) => (await webhooks()).mutate(object, write),
    validate: async (object, write) => (await webhooks()).validate(object, write),
    ask: async (object, write) => (await webhooks()).ask(object, write),
  };
}
