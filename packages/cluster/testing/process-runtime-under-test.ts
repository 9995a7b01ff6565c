/** The process runtime as its contract tries it, at whichever level. */
import { rm } from 'node:fs/promises';
import { basename } from 'node:path';
import { silentLogger } from '@slipway/kube/logger';
import { systemClock } from '@slipway/kube/platform/system-clock';
import { expect, vi } from 'vitest';
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
  const runtime = new ProcessRuntime({
    ...parts,
    images: machineImage,
    hasProgram: () => false,
    clock: systemClock,
    logger: silentLogger,
  });
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

export type NamespaceLevel = Pick<NamespaceIsolationOptions, 'dataDirectory' | 'tools' | 'rights' | 'searchPath'> & {
  readonly network: NamespaceIsolationOptions['network'] & { createPodNamespace: SandboxPoolOptions['create'] };
};

/** Of containers that are made ahead, in groups of their own unless others are given. */
export async function startAheadRuntime(
  level: NamespaceLevel,
  groupsAhead?: NamespaceIsolationOptions['groups'],
): Promise<ProcessRuntimeUnderTest> {
  const pool = createPool(level, 0);
  const underTest = await startNamespaceRuntime(level, pool, groupsAhead);
  const { runtime } = underTest;
  const createSandbox = runtime.createSandbox.bind(runtime);
  runtime.createSandbox = async (request) => {
    await vi.waitFor(() => expect(pool.furnished).toBeGreaterThan(0), { timeout: 60_000, interval: 5 });
    return createSandbox(request);
  };
  return underTest;
}

export async function startNamespaceRuntime(
  level: NamespaceLevel,
  pool = createPool(level, undefined),
  groupsAhead?: NamespaceIsolationOptions['groups'],
): Promise<ProcessRuntimeUnderTest> {
  const { dataDirectory } = level;
  const locations = findControlGroups(`slipway-${basename(dataDirectory)}`, readGroupMachine());
  const groups = new ControlGroups({ locations, clock: systemClock, maximumProcesses: 60 });
  const isolation = new NamespaceIsolation({
    ...level,
    pool,
    groups: groupsAhead ?? groups,
    nodeProgram: process.execPath,
    ownPid: process.pid,
    logger: silentLogger,
  });
  return startProcessRuntime({ dataDirectory, isolation, groups });
}

function createPool({ network }: NamespaceLevel, quietMilliseconds: number | undefined): SandboxPool {
  return new SandboxPool({
    create: () => network.createPodNamespace(),
    first: 4,
    whole: 4,
    quietMilliseconds,
    clock: systemClock,
    logger: silentLogger,
  });
}
