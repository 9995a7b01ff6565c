/** The process runtime as its contract tries it, at whichever level. */
import { rm } from 'node:fs/promises';
import { basename } from 'node:path';
import { silentLogger } from '@slipway/kube/logger';
import { systemClock } from '@slipway/kube/platform/system-clock';
import { ControlGroups } from '../src/node/control-groups/control-groups.ts';
import { findControlGroups, readGroupMachine } from '../src/node/control-groups/find-control-groups.ts';
import {
  NamespaceIsolation,
  type NamespaceIsolationOptions,
} from '../src/node/runtimes/process/namespace-isolation.ts';
import { ProcessRuntime, type ProcessRuntimeOptions } from '../src/node/runtimes/process/process-runtime.ts';
import { SandboxPool, type SandboxPoolOptions } from '../src/node/runtimes/process/sandbox-pool.ts';
import { machineImage } from './machine-image.ts';
import type { RuntimeUnderTest } from './program-runtime-contract.ts';

interface Given extends Pick<ProcessRuntimeOptions, 'isolation' | 'groups'> {
  /** Goes with the runtime. */
  readonly dataDirectory: string;
}

export interface ProcessRuntimeUnderTest extends RuntimeUnderTest {
  readonly dataDirectory: string;
}

export async function startProcessRuntime({ dataDirectory, ...parts }: Given): Promise<ProcessRuntimeUnderTest> {
  const runtime = new ProcessRuntime({ ...parts, images: machineImage, clock: systemClock, logger: silentLogger });
  await runtime.start();
  return {
    runtime,
    dataDirectory,
    close: async () => {
      await runtime.stop();
      await rm(dataDirectory, { recursive: true, force: true });
    },
  };
}

type NamespaceLevel = Pick<NamespaceIsolationOptions, 'dataDirectory' | 'tools' | 'rights' | 'searchPath'> & {
  readonly network: NamespaceIsolationOptions['network'] & { createPodNamespace: SandboxPoolOptions['create'] };
};

export async function startNamespaceRuntime(level: NamespaceLevel): Promise<ProcessRuntimeUnderTest> {
  const { dataDirectory, network } = level;
  const locations = findControlGroups(`slipway-${basename(dataDirectory)}`, readGroupMachine());
  const groups = new ControlGroups({ locations, clock: systemClock, maximumProcesses: 60 });
  const pool = new SandboxPool({
    create: () => network.createPodNamespace(),
    first: 4,
    whole: 4,
    clock: systemClock,
    logger: silentLogger,
  });
  const isolation = new NamespaceIsolation({ ...level, pool, nodeProgram: process.execPath, ownPid: process.pid });
  return startProcessRuntime({ dataDirectory, isolation, groups });
}
