import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { execute } from './execute.ts';

export interface Kubectl {
  /** As in `1.32`. */
  readonly version: string;
  readonly minor: number;
  readonly path: string;
}

/** Where installers of several versions put them beside each other. */
const folders = ['/usr/lib/google-cloud-sdk/bin'];

/** One of each version that the machine has: in PATH, in known folders, and in those that `SLIPWAY_TEST_KUBECTLS` names. */
export async function findKubectls(): Promise<readonly Kubectl[]> {
  const named = (process.env['SLIPWAY_TEST_KUBECTLS'] ?? '').split(':').filter((folder) => folder !== '');
  const searched = [...(process.env['PATH'] ?? '').split(':'), ...folders, ...named];
  const found = await Promise.all([...new Set(searched)].map(programsIn));
  const versions = await Promise.all(found.flat().map(versionOf));
  const byVersion = new Map(versions.flatMap((each) => (each === undefined ? [] : [[each.version, each] as const])));
  return [...byVersion.values()].toSorted((a, b) => a.minor - b.minor);
}

async function programsIn(folder: string): Promise<readonly string[]> {
  const names = await readdir(folder).catch(() => []);
  return names.filter((name) => /^kubectl([.-]?v?1\.\d+(\.\d+)?)?$/.test(name)).map((name) => join(folder, name));
}

/** Undefined for what is no kubectl that runs here. */
async function versionOf(path: string): Promise<Kubectl | undefined> {
  const outcome = await execute(path, ['version', '--client', '-o', 'json']).catch(() => undefined);
  const [, minor] = /"gitVersion": "v1\.(\d+)\./.exec(outcome?.stdout ?? '') ?? [];
  return minor === undefined ? undefined : { version: `1.${minor}`, minor: Number(minor), path };
}
