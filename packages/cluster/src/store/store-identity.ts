import { randomUUID } from 'node:crypto';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { identityFile } from './claim-store-directory.ts';

/**
 * Tells the store in the directory, which the caller owns, from every other one: what was started for the objects of
 * another store must not be taken for what belongs to these. A store that begins empty at every start is another one each
 * time.
 */
export function storeIdentity({
  directory,
  ephemeral,
}: {
  readonly directory: string;
  readonly ephemeral: boolean;
}): string {
  if (ephemeral) return randomUUID();
  const path = join(directory, identityFile);
  const known = readIfPresent(path);
  // Empty: its writer was killed in between, and nothing has been started in this name.
  if (known !== '') return known;
  const identity = randomUUID();
  writeFileSync(path, identity, { mode: 0o600 });
  return identity;
}

function readIfPresent(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return '';
    throw error;
  }
}
