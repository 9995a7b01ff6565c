import { randomUUID } from 'node:crypto';
import { link, readFile, rm, writeFile } from 'node:fs/promises';
import { parseSealingKey, sealingKeyBytes } from '@slipway/server/secrets/sealer';
import { CommandFailure } from '../failure.ts';
import { isSystemError } from '../system-error.ts';

/**
 * The key by which the server seals secrets in its database. Where there is none it is made, whole or not at all, for its
 * owner alone: two servers that start together read the same one.
 */
export async function readSealingKey(path: string, random: (bytes: number) => Buffer): Promise<Uint8Array> {
  try {
    return await read(path);
  } catch (error) {
    if (!isSystemError(error) || error.code !== 'ENOENT') throw explain(error, path);
  }
  const unfinished = `${path}.${randomUUID()}`;
  try {
    const key = random(sealingKeyBytes).toString('base64url');
    await writeFile(unfinished, `${key}\n`, { mode: 0o600, flag: 'wx', flush: true });
    await link(unfinished, path).catch((error: unknown) => {
      if (!isSystemError(error) || error.code !== 'EEXIST') throw error;
    });
    return await read(path);
  } catch (error) {
    throw explain(error, path);
  } finally {
    await rm(unfinished, { force: true });
  }
}

async function read(path: string): Promise<Uint8Array> {
  const key = parseSealingKey(await readFile(path, 'utf8'));
  if (key !== undefined) return key;
  throw new CommandFailure(
    `${path} holds no key: expected ${sealingKeyBytes} random bytes as base64url.\nName another file with --key-file; where there is none, one is made.`,
  );
}

function explain(error: unknown, path: string): unknown {
  if (!isSystemError(error)) return error;
  return new CommandFailure(
    `The key of the server's secrets cannot be read or made at ${path} (${error.code ?? error.message}).\nName another file with --key-file.`,
    { cause: error },
  );
}
