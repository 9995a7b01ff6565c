import type { ServerContext } from '../../http/context.ts';
import type { ImageRule, PushedImage } from '../webhook.ts';
import { findCredentials } from '../webhook-records.ts';
import { findDigest } from './find-digest.ts';

/** Rejects as `findDigest` does. */
export type FindTagDigest = (rule: ImageRule, image: PushedImage) => Promise<string>;

/** For one delivery: all Applications are given what the tag led to at one moment. */
export function createFindTagDigest(
  webhookId: string,
  { database, sealer }: Pick<ServerContext, 'database' | 'sealer'>,
  signal: AbortSignal,
): FindTagDigest {
  const asked = new Map<string, Promise<string>>();
  const ask = async ({ repository, tag }: PushedImage, allowAddresses: readonly string[]): Promise<string> => {
    const credentials = await findCredentials(database, webhookId, sealer);
    return await findDigest({ repository, tag, credentials, allowAddresses }, signal);
  };
  return (rule, image) => {
    const networks = rule.allowAddresses ?? [];
    const key = [image.repository, image.tag, ...networks].join(' ');
    const answer = asked.get(key) ?? ask(image, networks);
    asked.set(key, answer);
    return answer;
  };
}
