import type { Files } from '../../files.ts';

const done = Promise.resolve();
const nothing = Promise.resolve(undefined);

/** A disk that keeps nothing, for pods of which nothing runs. */
export const discardingFiles: Files = {
  discards: true,
  makeDirectory: () => done,
  writeFile: () => done,
  append: () => done,
  read: () => Promise.resolve(new Uint8Array()),
  size: () => nothing,
  kindOf: () => nothing,
  list: () => Promise.resolve([]),
  rename: () => done,
  symlink: () => done,
  readLink: () => nothing,
  changeGroup: () => done,
  changeMode: () => done,
  usage: () => Promise.resolve(0),
  remove: () => done,
  realPath: (path) => Promise.resolve(path),
};
