/** The calls that are being made: each once, a bounded number at a time, and none after the end of the leadership. */
import type { KubeClient } from '@slipway/kube/client';
import type { Clock } from '@slipway/kube/clock';
import { secrets } from '@slipway/kube/resources';
import type { WebhookAnswer } from '../api/release.ts';
import { createHttpPost } from './http-post.ts';
import { callWebhook, type WebhookOrder, type WebhookPorts } from './webhook-call.ts';

/** More wait for the next look. */
const maximumRunning = 32;
/** Beyond this the oldest run is forgotten: a receiver knows a call that comes twice by its key. */
const maximumRuns = 10_000;

export interface WebhookCallsOptions {
  readonly ports: WebhookPorts;
  readonly signal: AbortSignal;
}

export class WebhookCalls {
  readonly #options: WebhookCallsOptions;
  readonly #running = new Set<string>();
  /** The newest call of each run. */
  readonly #begun = new Map<string, number>();

  constructor(options: WebhookCallsOptions) {
    this.#options = options;
  }

  /**
   * False: there are too many at this moment; the next look asks again. What was decided before the answer came asks for the
   * call that has been answered.
   */
  begin(order: WebhookOrder, onAnswer: (answer: WebhookAnswer) => void): boolean {
    const { ports, signal } = this.#options;
    if ((this.#begun.get(order.key) ?? 0) >= order.number) return true;
    if (this.#running.size >= maximumRunning || signal.aborted) return false;
    this.#running.add(order.key);
    this.#note(order);
    void callWebhook(order, ports, signal)
      .finally(() => this.#running.delete(order.key))
      .then((answer) => {
        if (!signal.aborted) onAnswer(answer);
      });
    return true;
  }

  #note({ key, number }: WebhookOrder): void {
    this.#begun.delete(key);
    this.#begun.set(key, number);
    const oldest = this.#begun.size > maximumRuns ? this.#begun.keys().next().value : undefined;
    if (oldest !== undefined) this.#begun.delete(oldest);
  }
}

export interface WebhookPortsOptions {
  readonly client: Pick<KubeClient, 'get'>;
  readonly clock: Clock;
  /** Whether hooks may lead to this machine itself. */
  readonly loopback: boolean;
}

/** The real ones. Secrets are read when they are needed, in the namespace of the Application. */
export function createWebhookPorts({ client, clock, loopback }: WebhookPortsOptions): WebhookPorts {
  return {
    clock,
    post: createHttpPost({ clock, loopback }),
    readSecret: (key, signal) => client.get(secrets, key, { signal }),
  };
}
