import { readFile, statfs } from 'node:fs/promises';
import { arch, availableParallelism, platform, release, totalmem } from 'node:os';
import type { Machine, NodeCapacity } from '../agent/node-object.ts';

/** As the kubelet's default. */
const maximumPods = '110';
const goArchitectures: Readonly<Record<string, string>> = { x64: 'amd64', ia32: '386' };

export async function measureCapacity(directory: string): Promise<NodeCapacity> {
  const { blocks, bsize } = await statfs(directory);
  return {
    cpu: String(availableParallelism()),
    memory: `${Math.floor(totalmem() / 1024)}Ki`,
    pods: maximumPods,
    ephemeralStorage: `${Math.floor((blocks * bsize) / 1024)}Ki`,
  };
}

export async function describeMachine(): Promise<Machine> {
  const machineID = await readOptional('/etc/machine-id');
  const bootID = await readOptional('/proc/sys/kernel/random/boot_id');
  const osRelease = await readOptional('/etc/os-release');
  return {
    operatingSystem: platform(),
    architecture: goArchitectures[arch()] ?? arch(),
    kernelVersion: release(),
    osImage: /^PRETTY_NAME="?([^"\n]*)"?$/m.exec(osRelease ?? '')?.[1] ?? platform(),
    ...(machineID === undefined ? {} : { machineID, systemUUID: machineID }),
    ...(bootID === undefined ? {} : { bootID }),
  };
}

async function readOptional(path: string): Promise<string | undefined> {
  try {
    return (await readFile(path, 'utf8')).trim();
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return undefined;
    throw error;
  }
}
