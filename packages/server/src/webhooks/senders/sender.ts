import type { Headers, Message } from '../verify.ts';
import type { WebhookEvent } from '../webhook.ts';

/** One way to tell of pushes. Pure: what it is asked is a message, and nobody else is. */
export interface Sender {
  /** What its messages can lead to. */
  readonly brings: ReadonlyArray<WebhookEvent['type']>;
  /** Where its settings take the secret: for who enters it there. */
  readonly secretGoes: SecretPlace;
  /** The secret as the sender takes it to sign by, where it can do that instead of sending the secret. */
  signingToken?(secret: string): string;
  /**
   * It sends a message again and again until it hears that it was taken, and nothing else meanwhile: a refusal would stop it
   * for good, so that one is answered like a success, and says in its body what it is.
   */
  insists?(headers: Headers): boolean;
  isGenuine(message: Message, secret: string): boolean;
  /** Rejects with `Unreadable` what has not the documented form. */
  read(body: unknown, headers: Headers): Reading;
  /** The sender's own name of the message, which stays where it sends it again. */
  deliveryOf(headers: Headers): string | undefined;
}

export const secretPlaces = ['secret', 'token', 'authorizationHeader', 'address'] as const;
export type SecretPlace = (typeof secretPlaces)[number];

export interface Reading {
  readonly events: readonly WebhookEvent[];
  /** Why there are none, where there are none. */
  readonly ignored?: string | undefined;
  /** When it happened, in milliseconds, where the sender says it. */
  readonly at?: number | undefined;
}

export function ignore(why: string, at?: number): Reading {
  return { events: [], ignored: why, at };
}

/** Of one message. */
export const maximumEvents = 100;
