import { execFile } from 'node:child_process';
import { createHash } from 'node:crypto';
import { mkdir, readFile, rename, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { canClaimBlock } from '../../network/block-claim.ts';
import { formatCidr, overlaps, type Cidr } from '../../network/ipv4.ts';
import { freeBlocks, parseBlock, rangesOfBlock, routedRanges, type NodeRanges } from '../../network/ranges.ts';
import type { IsolationLevel } from '../runtimes/process/isolation.ts';
import { findTools, requireTool, rootTools, type Tools } from '../runtimes/process/tools.ts';
import { fetchHelperStatus } from './control.ts';
import { controlSocketOf } from './helper-options.ts';

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
  plain: { base: 0x7f000000, prefix: 8 },
};

/** What this machine allows, found by trying, and addresses that are free on it. The same again for a data directory that has been used. */
export async function planNode(options: PlanOptions): Promise<NodePlan> {
  const running = await fetchHelperStatus(controlSocketOf(options.dataDirectory));
  if (running !== undefined) {
    return { level: running.level, limitations: [], ranges: running.ranges };
  }
  const missing = options.level === 'plain' ? 'Level "plain" was asked for.' : await tryRoot(options.searchPath);
  if (options.level === 'root' && missing !== undefined) {
    throw new Error(`level "root" is not possible here: ${missing} Start without --level to use what is.`);
  }
  const level = missing === undefined ? 'root' : 'plain';
  const block = await chooseBlock(options, level);
  const limitations = missing === undefined ? [] : [`Pods share the network of this machine: ${missing}`];
  return { level, limitations, ranges: rangesOfBlock(block) };
}

/** Undefined when namespaces can be made; else why not. */
async function tryRoot(searchPath: string): Promise<string | undefined> {
  if (process.getuid?.() !== 0) {
    return 'network and mount namespaces need root, and this is an ordinary user.';
  }
  const { tools, missing } = findTools(rootTools, searchPath);
  if (missing.length > 0) {
    return `the programs ${missing.join(', ')} are not installed (packages util-linux and iproute2).`;
  }
  try {
    const script = '( "$1" -t proc proc /proc && "$2" link add slip0 type veth peer name slip1 ) & wait $!';
    const words = ['sh', '-c', script, 'sh', requireTool(tools, 'mount'), requireTool(tools, 'ip')];
    await run(requireTool(tools, 'unshare'), ['--net', '--mount', '--pid', '--ipc', '--uts', ...words]);
    return undefined;
  } catch (error) {
    const said = error instanceof Error && 'stderr' in error ? String(error.stderr).trim() : String(error);
    return `namespaces cannot be made, although this is root: ${said.split('\n')[0] ?? ''}.`;
  }
}

async function chooseBlock(options: PlanOptions, level: IsolationLevel): Promise<Cidr> {
  const within = rangesWithin[level];
  const taken = level === 'root' ? await listRoutes(findTools(['ip'], options.searchPath).tools) : [];
  const seed = createHash('sha256').update(options.dataDirectory).digest().readUInt16BE();
  const file = join(options.dataDirectory, `network-${level}.json`);
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
  const { stdout } = await run(requireTool(tools, 'ip'), ['-json', '-4', 'route', 'show', 'table', 'all']);
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
