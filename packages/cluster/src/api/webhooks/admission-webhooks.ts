/** Asks the webhooks that the configurations in the store name. https://kubernetes.io/docs/reference/access-authn-authz/extensible-admission-controllers/ */
import { randomUUID } from 'node:crypto';
import type {
  MutatingWebhook,
  MutatingWebhookConfiguration,
  Namespace,
  Service,
  ValidatingWebhook,
  ValidatingWebhookConfiguration,
} from '@slipway/kube/api.generated';
import type { Clock } from '@slipway/kube/clock';
import { isSameJson } from '@slipway/kube/json-equality';
import type { Logger } from '@slipway/kube/logger';
import { messageOf } from '@slipway/kube/message-of';
import { apiVersionOf, type KubeObject } from '@slipway/kube/object';
import {
  mutatingWebhookConfigurations,
  namespaces,
  services,
  validatingWebhookConfigurations,
} from '@slipway/kube/resources';
import { StatusError } from '@slipway/kube/status-error';
import { limitTime } from '@slipway/kube/time-limit';
import type { Catalog, ResourceDefinition, ScalePaths } from '../../schema/definition.ts';
import { isJsonObject } from '../../schema/shape.ts';
import { decodeObject } from '../decode-object.ts';
import type { ExternalWrite, SentObject } from '../external-admission.ts';
import { storeKey, storePrefix } from '../object-key.ts';
import { jsonPatched, patchedObject } from '../patches.ts';
import type { ResourceStore } from '../resource-store.ts';
import { fromScale, scaleKind, toScale } from '../scale.ts';
import { readAnswer, reviewOf, type ReviewAnswer } from './admission-review.ts';
import type { CallWebhook, WebhookEndpoint } from './call-webhook.ts';
import { meetsConditions } from './match-conditions.ts';
import { matchWebhook } from './match-webhook.ts';

export interface AdmissionWebhooksOptions {
  readonly resources: ResourceStore;
  readonly catalog: Catalog;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly call: CallWebhook;
}

type Webhook = ValidatingWebhook | MutatingWebhook;

type MutateBy<T> = (webhook: Webhook, current: T) => Promise<T | 'notAsked'>;

/** A webhook that is to be asked, in the version of the object that it wants. */
interface Asked {
  readonly webhook: Webhook;
  readonly definition: ResourceDefinition;
}

export class AdmissionWebhooks {
  readonly #options: AdmissionWebhooksOptions;

  constructor(options: AdmissionWebhooksOptions) {
    this.#options = options;
  }

  async mutate(object: KubeObject | undefined, write: ExternalWrite): Promise<KubeObject | undefined> {
    const paths = scaledBy(write);
    if (object === undefined || paths === undefined)
      return this.#mutateByAll(object, (webhook, current) => this.#mutateBy(webhook, current, write));
    const scale = toScale(object, paths);
    const changed = await this.#mutateSent(scale, ofScale(write, paths));
    return changed === scale ? object : fromScale(object, changed, paths);
  }

  async validate(object: KubeObject | undefined, write: ExternalWrite): Promise<void> {
    const paths = scaledBy(write);
    if (object === undefined || paths === undefined) return this.#validate(object, write);
    return this.#validate(toScale(object, paths), ofScale(write, paths));
  }

  async ask(object: SentObject, write: ExternalWrite): Promise<SentObject> {
    const changed = await this.#mutateSent(object, write);
    await this.#validate(changed, write);
    return changed;
  }

  #mutateSent(object: SentObject, write: ExternalWrite): Promise<SentObject> {
    return this.#mutateByAll(object, async (webhook, current) => {
      const asked = this.#matching(webhook, current, write);
      if (asked === undefined) return 'notAsked';
      const answer = await this.#ask(asked, current, write);
      return answer?.patch === undefined ? current : sentPatchedBy(webhook, { told: current, patch: answer.patch });
    });
  }

  /** One after the other, by the names of their configurations; some again if others have changed the object after them. */
  async #mutateByAll<T extends SentObject | undefined>(object: T, mutateBy: MutateBy<T>): Promise<T> {
    const webhooks = this.#configured(mutatingWebhookConfigurations);
    const seen = new Map<Webhook, T>();
    let current = object;
    for (const webhook of webhooks) {
      const next = await mutateBy(webhook, current);
      if (next === 'notAsked') continue;
      current = next;
      seen.set(webhook, current);
    }
    for (const [webhook, left] of seen) {
      const isAgain = 'reinvocationPolicy' in webhook && webhook.reinvocationPolicy === 'IfNeeded';
      if (!isAgain || isSameJson(left ?? null, current ?? null)) continue;
      const next = await mutateBy(webhook, current);
      if (next !== 'notAsked') current = next;
    }
    return current;
  }

  /** All at once. */
  async #validate(object: SentObject | undefined, write: ExternalWrite): Promise<void> {
    const webhooks = this.#configured(validatingWebhookConfigurations);
    const answers = await Promise.allSettled(
      webhooks.map(async (webhook) => {
        const asked = this.#matching(webhook, object, write);
        if (asked !== undefined) await this.#ask(asked, object, write);
      }),
    );
    for (const answer of answers) if (answer.status === 'rejected') throw answer.reason;
  }

  #configured(type: typeof validatingWebhookConfigurations | typeof mutatingWebhookConfigurations): readonly Webhook[] {
    const { store, cache } = this.#options.resources;
    return store.list(storePrefix(type, undefined)).flatMap((stored): readonly Webhook[] => {
      const { webhooks = [] }: ValidatingWebhookConfiguration | MutatingWebhookConfiguration = cache.parse(stored);
      return webhooks;
    });
  }

  async #mutateBy(
    webhook: Webhook,
    object: KubeObject | undefined,
    write: ExternalWrite,
  ): Promise<KubeObject | undefined | 'notAsked'> {
    const asked = this.#matching(webhook, object, write);
    if (asked === undefined) return 'notAsked';
    const answer = await this.#ask(asked, object, write);
    if (object === undefined || answer?.patch === undefined) return object;
    const { definition } = asked;
    const told = inVersion(object, definition, write.definition);
    const patched = patchedBy(webhook, { told, patch: answer.patch, definition });
    return isSameJson(patched, told) ? object : fromVersion(patched, { definition, stored: write.definition, object });
  }

  #matching(webhook: Webhook, object: SentObject | undefined, write: ExternalWrite): Asked | undefined {
    const { type } = write.definition;
    const otherVersions = this.#options.catalog
      .all()
      .filter(
        (each) =>
          each.type.group === type.group && each.type.plural === type.plural && each.type.version !== type.version,
      );
    const namespaceLabels = this.#namespaceLabels(object, write);
    const definition = matchWebhook({ webhook, write, object, otherVersions, namespaceLabels });
    if (definition === undefined) return undefined;
    return meetsConditions(webhook, { write, object, definition }) ? { webhook, definition } : undefined;
  }

  #namespaceLabels(
    object: SentObject | undefined,
    { definition, namespace, old }: ExternalWrite,
  ): Readonly<Record<string, string>> | undefined {
    if (definition.type.kind === 'Namespace' && definition.type.group === '')
      return (object ?? old)?.metadata?.labels ?? {};
    if (namespace === undefined) return undefined;
    const found: Namespace | undefined = this.#find(namespaces, undefined, namespace);
    return found?.metadata.labels ?? {};
  }

  #find(
    type: typeof namespaces | typeof services,
    namespace: string | undefined,
    name: string,
  ): KubeObject | undefined {
    const { store, cache } = this.#options.resources;
    const stored = store.get(storeKey(type, namespace, name));
    return stored === undefined ? undefined : cache.parse(stored);
  }

  /** Undefined where there is no answer and none is needed. Throws what the write is refused with. */
  async #ask(
    { webhook, definition }: Asked,
    object: SentObject | undefined,
    write: ExternalWrite,
  ): Promise<ReviewAnswer | undefined> {
    requireDryRun(webhook, write);
    const version = webhook.admissionReviewVersions.find((each) => each === 'v1' || each === 'v1beta1') ?? 'v1';
    const told = object && toldOf(object, definition, write);
    const old = write.old && toldOf(write.old, definition, write);
    const request = { uid: randomUUID(), version, write: { ...write, old }, object: told, definition };
    let answer: ReviewAnswer;
    this.#requireTime(webhook, write);
    try {
      const body = JSON.stringify(reviewOf(request));
      answer = readAnswer(await this.#send(webhook, body, write), { ...request, webhook: webhook.name });
    } catch (error) {
      this.#requireTime(webhook, write);
      this.#failed(webhook, error);
      return undefined;
    }
    for (const warning of answer.warnings) write.warn(warning);
    if (answer.denial !== undefined) throw answer.denial;
    return answer;
  }

  /** Throws where the time of the whole write is over, or nobody waits for it any more, whatever failures are to be. */
  #requireTime({ name }: Webhook, { deadline, signal }: ExternalWrite): void {
    if (signal?.aborted !== true && this.#options.clock.now() < deadline) return;
    const why = signal?.aborted === true ? 'the request was cancelled' : 'the request has taken too long';
    throw new StatusError('Timeout', `${why} when admission webhook ${JSON.stringify(name)} was to be asked`);
  }

  async #send(webhook: Webhook, body: string, { deadline, signal }: ExternalWrite): Promise<unknown> {
    const { clock, call } = this.#options;
    const seconds = webhook.timeoutSeconds ?? 10;
    const milliseconds = Math.min(seconds * 1_000, deadline - clock.now());
    const message = 'context deadline exceeded';
    using limit = limitTime({ clock, milliseconds, signal: signal ?? new AbortController().signal, message });
    const endpoint = this.#endpointOf(webhook, seconds);
    try {
      return await call(endpoint, body, limit.signal);
    } catch (cause) {
      const reason: unknown = limit.signal.aborted ? limit.signal.reason : cause;
      const said = messageOf(reason);
      throw new Error(`failed to call webhook: Post "${endpoint.url.href}": ${said}`, { cause });
    }
  }

  #endpointOf({ clientConfig }: Webhook, seconds: number): WebhookEndpoint {
    const { url: text, service, caBundle = '' } = clientConfig;
    const authority = caBundle === '' ? {} : { authority: Buffer.from(caBundle, 'base64').toString() };
    const timeout = `timeout=${seconds}s`;
    if (service === undefined) return { url: new URL(`${text ?? ''}?${timeout}`), ...authority };
    const { namespace, name, path = '/', port = 443 } = service;
    const found: Service | undefined = this.#find(services, namespace, name);
    if (found === undefined) throw new Error(`service "${name}" not found`);
    const address = found.spec?.clusterIP ?? '';
    if (address === '' || address === 'None') throw new Error(`service "${name}" has no cluster IP to ask it at`);
    if (found.spec?.ports?.some((each) => each.port === port) !== true)
      throw new Error(`service port ${port} not found for service "${name}"`);
    return { url: new URL(`https://${name}.${namespace}.svc:${port}${path}?${timeout}`), address, ...authority };
  }

  /** Throws unless its failures are to be passed over. */
  #failed({ name, failurePolicy }: Webhook, error: unknown): void {
    if (failurePolicy === 'Ignore') {
      this.#options.logger.warn('a webhook could not be asked, and the write goes on without it', {
        webhook: name,
        error,
      });
      return;
    }
    const said = messageOf(error);
    throw new StatusError(
      'InternalError',
      `Internal error occurred: failed calling webhook ${JSON.stringify(name)}: ${said}`,
      {
        cause: error,
      },
    );
  }
}

/** Absent unless it is the replicas that are written: then a Scale is what is told of, as it was sent. */
function scaledBy({ definition, subresource, sent }: ExternalWrite): ScalePaths | undefined {
  return subresource === 'scale' && sent === undefined ? definition.scale : undefined;
}

function ofScale(write: ExternalWrite, paths: ScalePaths): ExternalWrite {
  return { ...write, sent: scaleKind, old: write.old && toScale(write.old, paths) };
}

interface Patched {
  readonly told: KubeObject;
  readonly patch: unknown;
  readonly definition: ResourceDefinition;
}

/** Throws what names the webhook, where there is no such object. As in Kubernetes it is a fault of the cluster, whatever the policy. */
function patchedBy({ name }: Webhook, { told, patch, definition }: Patched): KubeObject {
  try {
    const patched = patchedObject(told, { kind: 'json', body: patch, definition });
    if (!isJsonObject(patched) || !isJsonObject(patched['metadata'])) throw new Error('it leaves no metadata');
    return decodeObject(patched, { definition, fieldValidation: 'Ignore', warn: () => {} });
  } catch (cause) {
    throw unpatchable(name, cause);
  }
}

/** The same of what a subresource is sent, which is read by whoever it is for. */
function sentPatchedBy(
  { name }: Webhook,
  { told, patch }: { readonly told: SentObject; readonly patch: unknown },
): SentObject {
  try {
    const patched = jsonPatched(told, patch);
    if (!isJsonObject(patched)) throw new Error('it leaves no object');
    if (told.metadata !== undefined && !isJsonObject(patched['metadata'])) throw new Error('it leaves no metadata');
    return isSameJson(patched, told) ? told : patched;
  } catch (cause) {
    throw unpatchable(name, cause);
  }
}

function unpatchable(name: string, cause: unknown): StatusError {
  const said = messageOf(cause);
  const message = `Internal error occurred: the patch of admission webhook ${JSON.stringify(name)} cannot be applied: ${said}`;
  return new StatusError('InternalError', message, { cause });
}

/** One that does more than answer must not be told of what is only tried. */
function requireDryRun({ name, sideEffects }: Webhook, { dryRun }: ExternalWrite): void {
  if (!dryRun || sideEffects === 'None' || sideEffects === 'NoneOnDryRun') return;
  throw new StatusError('BadRequest', `admission webhook ${JSON.stringify(name)} does not support dry run`);
}

/** What is sent to a subresource is told as it is, an object in the version that is wanted. */
function toldOf<T extends SentObject>(object: T, definition: ResourceDefinition, write: ExternalWrite): T | KubeObject {
  if (write.sent !== undefined) return object;
  return inVersion({ ...object, metadata: object.metadata ?? {} }, definition, write.definition);
}

function inVersion(object: KubeObject, wanted: ResourceDefinition, stored: ResourceDefinition): KubeObject {
  if (wanted === stored) return { ...object, ...kindOf(stored) };
  return { ...(wanted.conversion?.fromStored(object) ?? object), ...kindOf(wanted) };
}

interface Told {
  readonly definition: ResourceDefinition;
  readonly stored: ResourceDefinition;
  /** As it was before it was told. */
  readonly object: KubeObject;
}

function fromVersion(patched: KubeObject, { definition, stored, object }: Told): KubeObject {
  return { ...(definition.conversion?.toStored(patched, object) ?? patched), ...kindOf(stored) };
}

function kindOf({ type }: ResourceDefinition): { readonly apiVersion: string; readonly kind: string } {
  return { apiVersion: apiVersionOf(type), kind: type.kind };
}
