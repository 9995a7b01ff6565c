/** From a message to a delivery that stands in the database, or to words that say why it is none. */
import { createHash } from 'node:crypto';
import type { Database } from '../database/database.ts';
import type { RandomText } from '../identity/tokens.ts';
import { receiveDelivery, type NewDelivery, type Receipt } from './deliveries.ts';
import { parseJson, Unreadable } from './json-fields.ts';
import type { Reading, Sender } from './senders/sender.ts';
import type { Message } from './verify.ts';
import { askerOf, type Webhook } from './webhook.ts';

/** A sender may be kept from sending for a day; what is older is no news, whoever sends it. */
export const maximumAgeMilliseconds = 24 * 3_600_000;
/** Clocks differ. */
const maximumAheadMilliseconds = 10 * 60_000;

export interface Arrival {
  readonly webhook: Webhook;
  readonly sender: Sender;
  /** Genuine, as far as its secret goes. */
  readonly message: Message;
  readonly address: string;
}

export interface Means {
  readonly database: Database;
  readonly now: number;
  readonly random: RandomText;
}

export type Reception =
  | {
      readonly type: 'received';
      readonly id: string;
      readonly state: 'waiting' | 'ignored';
      readonly message?: string | undefined;
    }
  | { readonly type: 'refused'; readonly status: 400 | 409 | 422 | 503; readonly reason: string };

const idBytes = 18;

/** Resolves when what is received is durable. */
export async function receiveMessage(arrival: Arrival, { database, now, random }: Means): Promise<Reception> {
  const { webhook, sender, message, address } = arrival;
  const judged = judge(arrival, now);
  const id = random(idBytes);
  const delivery: NewDelivery = {
    id,
    webhookId: webhook.id,
    now,
    address,
    senderDelivery: sender.deliveryOf(message.headers)?.slice(0, 200),
    requestedBy: askerOf(webhook),
    marks: isOccasion(arrival, judged) ? [] : marksOf(sender, message),
    events: judged.events,
    state: judged.state,
    message: judged.message,
  };
  const receipt = await receiveDelivery(database, delivery);
  const refusal = refuse(receipt) ?? judged.refusal;
  if (refusal !== undefined) return refusal;
  return { type: 'received', id, state: judged.state === 'waiting' ? 'waiting' : 'ignored', message: judged.message };
}

type Refusal = Extract<Reception, { readonly type: 'refused' }>;
type Judged = Pick<NewDelivery, 'events' | 'state' | 'message'> & {
  readonly refusal?: Refusal;
  /** When it happened, where the sender says it. */
  readonly at?: number | undefined;
};

function judge({ webhook, sender, message }: Arrival, now: number): Judged {
  let reading: Reading;
  try {
    reading = sender.read(parseJson(message.body), message.headers);
  } catch (error) {
    if (!(error instanceof Unreadable)) throw error;
    return refused(400, error.message);
  }
  const { at, ignored } = reading;
  if (at !== undefined && now - at > maximumAgeMilliseconds)
    return refused(422, `it is of ${new Date(at).toISOString()}: what is older than a day is not taken`);
  if (at !== undefined && at - now > maximumAheadMilliseconds)
    return refused(422, `it is of ${new Date(at).toISOString()}, which is yet to come: set the clocks`);
  const wanted = 'images' in webhook.target ? 'image' : 'commit';
  const events = reading.events.filter(({ type }) => type === wanted);
  if (events.length > 0) return { events, state: 'waiting', at };
  const why = ignored ?? `the webhook is for ${wanted === 'image' ? 'images' : 'commits'}, and this tells of none`;
  return { events: [], state: 'ignored', message: why };
}

function refused(status: 400 | 422, reason: string): Judged {
  return { events: [], state: 'refused', message: reason, refusal: { type: 'refused', status, reason } };
}

function refuse(receipt: Receipt): Refusal | undefined {
  switch (receipt.type) {
    case 'received':
      return undefined;
    case 'replayed': {
      const reason = `it came before, as delivery ${receipt.id}: a delivery is repeated by the API of this server`;
      return { type: 'refused', status: 409, reason };
    }
    case 'full':
      return { type: 'refused', status: 503, reason: 'too many deliveries of this webhook wait: send it again later' };
  }
}

/**
 * A push that looks like the one before, and leads to nothing but a question to the registry, which is answered by what the tag
 * leads to then: again and again is as good as once, and the second push is not taken for the first.
 */
function isOccasion({ webhook: { target }, sender, message }: Arrival, { events, at }: Judged): boolean {
  if (at !== undefined || sender.deliveryOf(message.headers) !== undefined) return false;
  if (!('images' in target)) return false;
  const images = events.filter((event) => event.type === 'image');
  const rules = target.images.filter(({ repository }) => images.some((image) => image.repository === repository));
  const isAsked = rules.length > 0 && rules.every(({ policy }) => policy.digestOf !== undefined);
  return isAsked && images.every(({ digest }) => digest === undefined);
}

/**
 * A name of the sender's is good where whoever knows the secret has written it. Where the secret signs the body alone, the
 * name could be another one each time: there the body counts too.
 */
function marksOf(sender: Sender, { headers, body }: Message): readonly string[] {
  const name = sender.deliveryOf(headers);
  const content = `body ${createHash('sha256').update(body).digest('hex')}`;
  if (name === undefined) return [content];
  const named = `name ${createHash('sha256').update(name).digest('hex')}`;
  return sender.secretGoes === 'secret' ? [content, named] : [named];
}
