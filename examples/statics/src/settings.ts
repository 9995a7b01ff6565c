import { statSync } from 'node:fs';
import { resolve } from 'node:path';

export interface Settings {
  readonly port: number;
  /** Undefined: every address of the machine. */
  readonly address: string | undefined;
  /** The directory that is served. */
  readonly directory: string;
}

/** PORT, STATICS_PATH, and POD_IP where a platform says on which address to listen. Throws with what is wrong and what was expected. */
export function readSettings(environment: NodeJS.ProcessEnv): Settings {
  const portText = environment['PORT'] ?? '8080';
  const port = Number(portText);
  if (!Number.isInteger(port) || port < 0 || port > 65_535) {
    throw new Error(`PORT is "${portText}": expected a number from 0 to 65535`);
  }
  const directory = resolve(environment['STATICS_PATH'] ?? 'public');
  if (statSync(directory, { throwIfNoEntry: false })?.isDirectory() !== true) {
    throw new Error(`STATICS_PATH is "${directory}": expected a directory with the files to serve`);
  }
  return { port, address: environment['POD_IP'], directory };
}
