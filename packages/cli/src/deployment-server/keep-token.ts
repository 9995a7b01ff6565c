import { createHash, randomUUID } from 'node:crypto';
import { readFile, rename, writeFile } from 'node:fs/promises';
import { messageOf } from '@slipway/kube/message-of';
import { CommandFailure } from '../failure.ts';
import { isSystemError } from '../system-error.ts';

/**
 * Where only its owner reads it; whole, or not at all. What is there already may be the one token of another database, so
 * it is kept beside, under a name that is made of it.
 */
export async function keepToken(path: string, token: string): Promise<void> {
  const unfinished = `${path}.${randomUUID()}`;
  try {
    await writeFile(unfinished, `${token}\n`, { mode: 0o600, flag: 'wx', flush: true });
    await putAside(path);
    await rename(unfinished, path);
  } catch (error) {
    const cause = messageOf(error);
    throw new CommandFailure(
      `The token of the first admin cannot be kept (${cause}): none was made.\nChoose another directory with --data-dir.`,
      { cause: error },
    );
  }
}

async function putAside(path: string): Promise<void> {
  const earlier = await readFile(path).catch((error: unknown) => {
    if (isSystemError(error) && error.code === 'ENOENT') return undefined;
    throw error;
  });
  if (earlier === undefined) return;
  const name = createHash('sha256').update(earlier).digest('hex').slice(0, 8);
  await rename(path, `${path}.before-${name}`);
}
