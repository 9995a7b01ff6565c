import { accessSync, constants, statSync } from 'node:fs';
import { delimiter, isAbsolute, join } from 'node:path';

/** Programs of the machine by absolute path: what runs with a container's environment must not be found through its PATH. */
export type Tools = Readonly<Record<string, string>>;

/** What level root needs: util-linux and iproute2. */
export const rootTools = ['ip', 'mount', 'nsenter', 'setpriv', 'umount', 'unshare'] as const;

/** What level user needs: util-linux alone. */
export const userTools = ['mount', 'nsenter', 'setpriv', 'umount', 'unshare'] as const;

const administrativeDirectories = ['/usr/local/sbin', '/usr/sbin', '/sbin', '/usr/bin', '/bin'];

export function findTool(name: string, searchPath: string): string | undefined {
  const directories = [...searchPath.split(delimiter), ...administrativeDirectories].filter((entry) => entry !== '');
  return directories.map((directory) => join(directory, name)).find(isExecutable);
}

/** Whether a container on the files of this machine finds that program; `node` is ours. */
export function hasProgram(name: string, searchPath: string): boolean {
  if (name.includes('/')) return isAbsolute(name) && isProgram(name);
  const path = findTool(name, searchPath);
  return name === 'node' || (name !== '' && path !== undefined && isProgram(path));
}

/** Those that exist, and the names of those that do not. */
export function findTools(names: readonly string[], searchPath: string): { tools: Tools; missing: readonly string[] } {
  const found = names.map((name) => [name, findTool(name, searchPath)] as const);
  return {
    tools: Object.fromEntries(found.filter((entry): entry is [string, string] => entry[1] !== undefined)),
    missing: found.filter(([, path]) => path === undefined).map(([name]) => name),
  };
}

export function requireTool(tools: Tools, name: string): string {
  const path = tools[name];
  if (path === undefined) {
    throw new Error(`the program "${name}" was not found in PATH: install it (package util-linux or iproute2)`);
  }
  return path;
}

function isProgram(path: string): boolean {
  return isExecutable(path) && statSync(path).isFile();
}

function isExecutable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}
