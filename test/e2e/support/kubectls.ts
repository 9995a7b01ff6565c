import { globSync } from 'node:fs';
import { execute } from './execute.ts';

/** One of the kubectls that the machine has. */
export interface Kubectl {
  readonly program: string;
  /** Such as `v1.32.4`. */
  readonly version: string;
}

/** Where packages put kubectls of several ages, beside the one that is found by its name. */
const folders = '/usr/lib/google-cloud-sdk/bin/kubectl.1.*';

/** One of each minor version, the oldest first. SLIPWAY_TEST_OLD_KUBECTL names one that is unpacked and not installed. */
export async function findKubectls(): Promise<readonly Kubectl[]> {
  const old = process.env['SLIPWAY_TEST_OLD_KUBECTL'] ?? '';
  const programs = [...(old === '' ? [] : [old]), ...globSync(folders), 'kubectl'];
  const found = await Promise.all(programs.map(describeKubectl));
  const minorOf = ({ version }: Kubectl): string => version.split('.').slice(0, 2).join('.');
  const byMinor = new Map(found.flatMap((each) => (each === undefined ? [] : [[minorOf(each), each] as const])));
  return [...byMinor.values()].toSorted((a, b) => a.version.localeCompare(b.version, 'en', { numeric: true }));
}

async function describeKubectl(program: string): Promise<Kubectl | undefined> {
  const { exitCode, stdout } = await execute('sh', ['-c', '"$0" version --client -o json', program]);
  const version = exitCode === 0 ? /"gitVersion": *"(v1\.\d+\.\d+)/.exec(stdout)?.[1] : undefined;
  return version === undefined ? undefined : { program, version };
}
