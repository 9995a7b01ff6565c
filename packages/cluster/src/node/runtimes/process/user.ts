import { readFileSync } from 'node:fs';
import { StartError } from '../../runtime.ts';
import type { FileView } from './file-view.ts';

export interface UserIdentity {
  readonly uid: number;
  readonly gid: number;
  readonly groups: readonly number[];
  readonly home: string;
}

/**
 * `user`, `uid`, `user:group` or `uid:gid` by the container's own /etc/passwd and /etc/group. A number without an entry is
 * fine and gets group 0, as in Docker; a name without one is an error.
 */
export function resolveUser(view: FileView, text: string): UserIdentity {
  const [userText = '', groupText] = (text === '' ? '0' : text).split(':');
  const entry = linesOf(view, '/etc/passwd').find(([name, , uid]) => name === userText || uid === userText);
  const uid = entry === undefined ? numberOf(userText, `user "${userText}"`) : Number(entry[2]);
  const gid = groupText === undefined ? Number(entry?.[3] ?? 0) : resolveGroup(view, groupText);
  const name = entry?.[0];
  const groups = linesOf(view, '/etc/group')
    .filter(([, , , members = '']) => name !== undefined && members.split(',').includes(name))
    .map(([, , group]) => Number(group));
  return { uid, gid, groups: groupText === undefined ? groups : [], home: entry?.[5] ?? '/' };
}

function resolveGroup(view: FileView, text: string): number {
  const entry = linesOf(view, '/etc/group').find(([name, , gid]) => name === text || gid === text);
  return entry === undefined ? numberOf(text, `group "${text}"`) : Number(entry[2]);
}

function linesOf(view: FileView, path: string): readonly (readonly string[])[] {
  const { hostPath } = view.locate(path);
  return hostPath === undefined
    ? []
    : readFileSync(hostPath, 'utf8')
        .split('\n')
        .map((line) => line.split(':'));
}

function numberOf(text: string, what: string): number {
  if (!/^\d+$/.test(text)) {
    throw new StartError(
      'CreateContainerError',
      `unable to find ${what}: it is neither a number nor in the container's /etc/passwd or /etc/group`,
    );
  }
  return Number(text);
}
