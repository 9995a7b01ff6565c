/** The key that signs the tokens of service accounts. Kept beside the certificates: a new one ends every token there is. */
import { createPrivateKey, generateKeyPairSync, type KeyObject } from 'node:crypto';
import { mkdir, readFile, rename, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { DamagedFileError } from './damaged-file-error.ts';

export function makeServiceAccountKey(): KeyObject {
  return generateKeyPairSync('ec', { namedCurve: 'P-256' }).privateKey;
}

/** That in the directory, or a new one. Rejects for a file that holds no key. */
export async function loadServiceAccountKey(directory: string): Promise<KeyObject> {
  const file = join(directory, 'service-account.key');
  const kept = await readFile(file, 'utf8').catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return undefined;
    throw error;
  });
  if (kept !== undefined) return parseKey(kept, file);
  const made = makeServiceAccountKey();
  await mkdir(directory, { recursive: true, mode: 0o700 });
  await writeFile(`${file}.new`, made.export({ type: 'pkcs8', format: 'pem' }), { mode: 0o600, flush: true });
  await rename(`${file}.new`, file);
  return made;
}

function parseKey(text: string, file: string): KeyObject {
  try {
    return createPrivateKey(text);
  } catch (error) {
    const advice = 'pods get new tokens then, and tokens that were given out end';
    throw new DamagedFileError({ file, fault: 'it holds no private key', advice }, { cause: error });
  }
}
