import { readFile } from 'node:fs/promises';

/** Whose rights HAProxy's workers have. */
export interface WorkerUser {
  readonly uid: number;
  readonly gid: number;
}

/** Distributions make this one with HAProxy. */
const ownName = 'haproxy';
/** Linux' number for whoever has no rights. */
const nobody: WorkerUser = { uid: 65_534, gid: 65_534 };

/** Undefined: this process is no root itself, so HAProxy has nothing to give up. */
export async function findWorkerUser(): Promise<WorkerUser | undefined> {
  if (process.getuid?.() !== 0) return undefined;
  return parseWorkerUser(await readFile('/etc/passwd', 'utf8').catch(() => ''));
}

/** Never root, whatever the file says. */
export function parseWorkerUser(passwd: string): WorkerUser {
  const line = passwd.split('\n').find((each) => each.startsWith(`${ownName}:`));
  const [, , uid = 0, gid = 0] = (line ?? '').split(':').map(Number);
  return uid > 0 && gid > 0 ? { uid, gid } : nobody;
}
