import { execFile } from 'node:child_process';
import { createHash } from 'node:crypto';
import { mkdir, readFile, rename, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { canClaimBlock } from '../../network/block-claim.ts';
import { formatCidr, overlaps, type Cidr } from '../../network/ipv4.ts';
import { freeBlocks, parseBlock, rangesOfBlock, routedRanges, type NodeRanges } from '../../network/ranges.ts';
import type { IsolationLevel } from '../runtimes/process/isolation.ts';
import { findTools, requireTool, type Tools } from '../runtimes/process/tools.ts';
import { fetchHelperStatus } from './control.ts';
import { controlSocketOf } from './helper-options.ts';
import { LevelError } from './level-error.ts';
import { trialLimit, tryRoot, tryUser } from './try-level.ts';

const run = promisify(execFile);

export interface NodePlan {
  readonly level: IsolationLevel;
  /** Why the level is no better one; full sentences. */
  readonly limitations: readonly string[];
  readonly ranges: NodeRanges;
}

export interface PlanOptions {
  readonly dataDirectory: string;
  readonly level: 'auto' | IsolationLevel;
  readonly searchPath: string;
}

const rangesWithin: Readonly<Record<IsolationLevel, Cidr>> = {
  root: { base: 0x0a000000, prefix: 8 },
  user: { base: 0x7f000000, prefix: 8 },
  plain: { base: 0x7f000000, prefix: 8 },
};

/** What this machine allows, found by trying, and addresses that are free on it. The same again for a data directory that has been used. */
export async function planNode(options: PlanOptions): Promise<NodePlan> {
  const running = await fetchHelperStatus(controlSocketOf(options.dataDirectory));
  if (running !== undefined && (options.level === 'auto' || options.level === running.level)) {
    return { level: running.level, limitations: [], ranges: running.ranges };
  }
  const chosen = await chooseLevel(options);
  // It holds them until the next one takes its place.
  if (running !== undefined && (running.level === 'root') === (chosen.level === 'root')) {
    return { ...chosen, ranges: running.ranges };
  }
  return { ...chosen, ranges: rangesOfBlock(await chooseBlock(options, chosen.level)) };
}

type Level = Pick<NodePlan, 'level' | 'limitations'>;

/** The first one that works here, or the one that was asked for. */
async function chooseLevel({ level: asked, searchPath }: PlanOptions): Promise<Level> {
  switch (asked) {
    case 'root': {
      const fault = await tryRoot(searchPath);
      if (fault !== undefined) throw new LevelError(asked, fault);
      return { level: asked, limitations: [] };
    }
    case 'user': {
      const trial = await tryUser(searchPath);
      if (!trial.isPossible) throw new LevelError(asked, trial.why);
      return { level: asked, limitations: [sharesNetwork(`level "${asked}" was asked for.`), ...trial.limitations] };
    }
    case 'plain':
      return { level: asked, limitations: [sharesMachine(`level "${asked}" was asked for.`)] };
    case 'auto': {
      const notRoot = await tryRoot(searchPath);
      if (notRoot === undefined) return { level: 'root', limitations: [] };
      const trial = await tryUser(searchPath);
      return trial.isPossible
        ? { level: 'user', limitations: [sharesNetwork(notRoot), ...trial.limitations] }
        : { level: 'plain', limitations: [sharesMachine(trial.why), sharesNetwork(notRoot)] };
    }
  }
}

function sharesNetwork(why: string): string {
  return `Pods share the network of this machine: ${why}`;
}

function sharesMachine(why: string): string {
  return `Containers are ordinary processes of this machine: ${why}`;
}

async function chooseBlock(options: PlanOptions, level: IsolationLevel): Promise<Cidr> {
  const within = rangesWithin[level];
  const taken = level === 'root' ? await listRoutes(findTools(['ip'], options.searchPath).tools) : [];
  const seed = createHash('sha256').update(options.dataDirectory).digest().readUInt16BE();
  // A cluster that comes to be of level user keeps the addresses that its services have.
  const file = join(options.dataDirectory, `network-${level === 'root' ? level : 'plain'}.json`);
  const remembered = await readBlock(file);
  const candidates = freeBlocks({ within, taken, seed });
  const isFree = (block: Cidr): boolean => !taken.some((range) => overlaps(range, block));
  for (const block of remembered !== undefined && isFree(remembered) ? [remembered, ...candidates] : candidates) {
    if (level === 'root' || (await canClaimBlock(formatCidr(block)))) {
      await writeBlock(file, block);
      return block;
    }
  }
  throw new Error(
    `no /16 of ${formatCidr(within)} is free for a cluster: routes of this machine or other clusters use all of it`,
  );
}

async function listRoutes(tools: Tools): Promise<readonly Cidr[]> {
  const { stdout } = await run(requireTool(tools, 'ip'), ['-json', '-4', 'route', 'show', 'table', 'all'], trialLimit);
  const routes: unknown = JSON.parse(stdout === '' ? '[]' : stdout);
  return routedRanges(routes);
}

async function readBlock(file: string): Promise<Cidr | undefined> {
  try {
    const saved: unknown = JSON.parse(await readFile(file, 'utf8'));
    return typeof saved === 'object' && saved !== null && 'block' in saved
      ? parseBlock(String(saved.block))
      : undefined;
  } catch (error) {
    if (error instanceof SyntaxError || (error instanceof Error && 'code' in error && error.code === 'ENOENT')) {
      return undefined;
    }
    throw error;
  }
}

async function writeBlock(file: string, block: Cidr): Promise<void> {
  await mkdir(join(file, '..'), { recursive: true, mode: 0o700 });
  const temporary = `${file}.${process.pid}`;
  await writeFile(temporary, `${JSON.stringify({ block: formatCidr(block) })}\n`, { mode: 0o600, flush: true });
  await rename(temporary, file);
}
