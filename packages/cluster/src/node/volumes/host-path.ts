import { dirname } from 'node:path';
import type { HostPathVolumeSource } from '@slipway/kube/api.generated';
import type { FileKind, Files } from '../files.ts';
import { VolumeError } from './volume-error.ts';

const expectations: Readonly<Record<string, readonly [FileKind, string]>> = {
  Directory: ['directory', 'a directory'],
  DirectoryOrCreate: ['directory', 'a directory'],
  File: ['file', 'a file'],
  FileOrCreate: ['file', 'a file'],
  Socket: ['socket', 'a socket file'],
  CharDevice: ['characterDevice', 'a character device'],
  BlockDevice: ['blockDevice', 'a block device'],
};

/** Checks, or makes, what `type` says. https://kubernetes.io/docs/concepts/storage/volumes/#hostpath */
export async function prepareHostPath(
  files: Files,
  volume: string,
  { path, type = '' }: HostPathVolumeSource,
): Promise<string> {
  const found = await files.kindOf(path);
  if (found === undefined && type === 'DirectoryOrCreate') await files.makeDirectory(path, 0o755);
  if (found === undefined && type === 'FileOrCreate') {
    await files.makeDirectory(dirname(path), 0o755);
    await files.writeFile(path, new Uint8Array(), 0o644);
  }
  const expectation = expectations[type];
  if (expectation === undefined || (found === undefined && type.endsWith('OrCreate'))) return path;
  const [kind, words] = expectation;
  if (found !== kind) throw new VolumeError(volume, `hostPath type check failed: ${path} is not ${words}`);
  return path;
}
