import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { mkdir, readdir, readFile, rmdir, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import type { ResourceRequirements } from '@slipway/kube/api.generated';
import { delay, type Clock } from '@slipway/kube/clock';
import { messageOf } from '@slipway/kube/message-of';
import { controllers, type Controller, type GroupLocation, type GroupLocations } from './find-control-groups.ts';
import { calculateGroupValues, type GroupValue, unlimitedCpu } from './group-values.ts';

export interface ControlGroupsOptions {
  readonly locations: GroupLocations;
  readonly clock: Clock;
  /** Of one container, threads included. */
  readonly maximumProcesses?: number | undefined;
}

/** More than servers with a thread for every connection use, and few enough that a machine survives a fork bomb. */
const defaultMaximumProcesses = 4_096;

/** The processes of a container that has ended leave their group a moment later. */
const removalRounds = 40;
const removalMilliseconds = 5;

/** Made before anybody knows what its container may use; processes can be in it already. */
export interface GroupAhead {
  readonly entries: readonly string[];
  readonly name: string;
  /** Rejects when a process is left in it. */
  remove(): Promise<void>;
}

/** What one container may use. */
export interface ContainerGroup {
  /** A process joins by writing `0` to each of these. */
  readonly entries: readonly string[];
  /** Of them, those that are left for a process which is in the group that was made ahead. */
  readonly entriesLeft: readonly string[];
  /** Whether the kernel killed one of its processes because they used more memory than they may. */
  wasOutOfMemory(): boolean;
  /**
   * Lets its processes have as much of the CPUs as they like: those that are killed have to run to their end, and where many are
   * held back they may never come to it.
   */
  liftCpuLimit(): void;
  /** Rejects when a process is left in it. */
  remove(): Promise<void>;
}

const unlimited: ContainerGroup = {
  entries: [],
  entriesLeft: [],
  wasOutOfMemory: () => false,
  liftCpuLimit: () => undefined,
  remove: () => Promise.resolve(),
};

interface Wanted {
  readonly controller: Controller;
  readonly version: 1 | 2;
  readonly group: string;
  readonly values: readonly GroupValue[];
}

/** Of what is not enforced at all where the kernel does not. */
const nouns: Readonly<Partial<Record<Controller, string>>> = {
  cpu: 'CPU',
  pids: 'the number of processes',
};

const memoryByLooking =
  'Limits of memory are held by looking at containers about twice a second, and not by the kernel';

/** Groups of the kernel, of version 1 or 2, that hold containers to their requests and limits: as many as the machine lets us. */
export class ControlGroups {
  private readonly options: ControlGroupsOptions;
  /** Those that can be had. */
  private readonly available = new Map<Controller, GroupLocation>();
  private readonly faults = new Map<Controller, string>();
  private made = 0;
  private readonly started = Promise.withResolvers<void>();

  constructor(options: ControlGroupsOptions) {
    this.options = options;
  }

  /** What is not enforced by the kernel, each a full sentence. Known once `start` has resolved. */
  get limitations(): readonly string[] {
    const missing = controllers.filter((controller) => !this.holds(controller));
    const unheld = missing.filter((controller) => nouns[controller] !== undefined);
    const what = unheld.map((each) => nouns[each]).join(', ');
    return [
      ...(unheld.length === 0 ? [] : [`Requests and limits of ${what} are not enforced: ${this.whyNot(unheld)}.`]),
      ...(missing.includes('memory') ? [`${memoryByLooking}: ${this.whyNot(['memory'])}.`] : []),
    ];
  }

  /** Whether the kernel holds containers to what they may use of it. Known once `start` has resolved. */
  holds(controller: Controller): boolean {
    return this.available.has(controller);
  }

  private whyNot(missing: readonly Controller[]): string {
    return [...new Set(missing.map((controller) => this.faults.get(controller) ?? notWritable))].join('; ');
  }

  /** Makes the cluster's own groups, and clears away what one that was killed has left in them. Never rejects. */
  async start(): Promise<void> {
    await Promise.all(
      [...this.byDirectory()].map(async ([directory, { version, wanted }]) => {
        await this.prepare(directory, { version, wanted });
        await removeChildren(directory);
      }),
    );
    this.started.resolve();
  }

  /** For a container of which nothing is known: what all are held to. */
  async createAhead(): Promise<GroupAhead> {
    await this.started.promise;
    const name = this.nextName();
    const groups = await makeGroups(this.calculateWanted(name, {}));
    return { name, entries: entriesOf(groups), remove: () => this.remove(groups) };
  }

  /** What was made ahead becomes part of it, and goes with it. */
  async create(resources: ResourceRequirements, ahead?: GroupAhead): Promise<ContainerGroup> {
    const wanted = this.calculateWanted(ahead?.name ?? this.nextName(), resources);
    if (wanted.length === 0) return unlimited;
    const groups = await makeGroups(wanted.filter((each) => !this.isMade(each, ahead)));
    const memory = wanted.find(({ controller }) => controller === 'memory');
    const cpu = wanted.find(({ controller }) => controller === 'cpu');
    const all = directoriesOf(wanted);
    return {
      entries: entriesOf(all),
      entriesLeft: entriesOf(groups).filter((entry) => ahead?.entries.includes(entry) !== true),
      wasOutOfMemory: () => memory !== undefined && readKills(memory.group, memory.version) > 0,
      liftCpuLimit: () => {
        if (cpu !== undefined) liftCpuLimit(cpu.group, cpu.version);
      },
      remove: () => this.remove(all),
    };
  }

  private nextName(): string {
    this.made += 1;
    return String(this.made);
  }

  private calculateWanted(name: string, resources: ResourceRequirements): readonly Wanted[] {
    const wish = { resources, maximumProcesses: this.options.maximumProcesses ?? defaultMaximumProcesses };
    // In the order of the list, and not in that in which the disk answered while the groups were prepared.
    return controllers.flatMap((controller) => {
      const location = this.available.get(controller);
      if (location === undefined) return [];
      const { version, directory } = location;
      const values = calculateGroupValues({ controller, version }, wish);
      return values.length === 0 ? [] : [{ controller, version, group: join(directory, name), values }];
    });
  }

  /** The number of processes is the same for all. */
  private isMade({ controller, group }: Wanted, ahead: GroupAhead | undefined): boolean {
    return controller === 'pids' && ahead?.entries.includes(entryOf(group)) === true;
  }

  /** Groups that still have processes stay for the next start. */
  async stop(): Promise<void> {
    for (const directory of this.byDirectory().keys()) {
      await removeChildren(directory);
      await removeIfEmpty(directory);
    }
    this.available.clear();
  }

  private byDirectory(): ReadonlyMap<string, { readonly version: 1 | 2; readonly wanted: readonly Controller[] }> {
    const { locations } = this.options;
    const found = new Map<string, { readonly version: 1 | 2; readonly wanted: Controller[] }>();
    for (const controller of controllers) {
      const location = locations[controller];
      if (location === undefined) continue;
      const group = found.get(location.directory) ?? { version: location.version, wanted: [] };
      group.wanted.push(controller);
      found.set(location.directory, group);
    }
    return found;
  }

  private async prepare(
    directory: string,
    { version, wanted }: { readonly version: 1 | 2; readonly wanted: readonly Controller[] },
  ): Promise<void> {
    for (const controller of wanted) {
      try {
        if (version === 2) await enable(dirname(directory), controller);
        await mkdir(directory, { recursive: true });
        if (version === 2) await enable(directory, controller);
        this.available.set(controller, { version, directory });
      } catch (error) {
        this.faults.set(controller, messageOf(error));
      }
    }
  }

  private async remove(groups: readonly string[]): Promise<void> {
    for (let round = 1; ; round += 1) {
      const left = (await Promise.all(groups.map(removeIfEmpty))).includes(false);
      if (!left) return;
      if (round === removalRounds) throw new Error(`processes are left in the control groups ${groups.join(', ')}`);
      await delay(this.options.clock, removalMilliseconds);
    }
  }
}

function directoriesOf(wanted: readonly Wanted[]): readonly string[] {
  return [...new Set(wanted.map(({ group }) => group))];
}

function entryOf(group: string): string {
  return join(group, 'cgroup.procs');
}

function entriesOf(groups: readonly string[]): readonly string[] {
  return groups.map(entryOf);
}

async function makeGroups(wanted: readonly Wanted[]): Promise<readonly string[]> {
  const groups = directoriesOf(wanted);
  await Promise.all(groups.map((group) => mkdir(group, { recursive: true })));
  for (const { group, values } of wanted) {
    for (const { file, value, isOptional } of values) {
      const path = join(group, file);
      if (isOptional !== true || existsSync(path)) await writeFile(path, value);
    }
  }
  return groups;
}

const notWritable = 'the control groups of this machine cannot be written by this user';

/** For groups below this one, with version 2. */
async function enable(directory: string, controller: Controller): Promise<void> {
  const file = join(directory, 'cgroup.subtree_control');
  const enabled = (await readFile(file, 'utf8')).split(/\s+/);
  if (!enabled.includes(controller)) await writeFile(file, `+${controller}`);
}

async function removeChildren(directory: string): Promise<void> {
  if (!existsSync(directory)) return;
  const entries = await readdir(directory, { withFileTypes: true });
  await Promise.all(
    entries.filter((entry) => entry.isDirectory()).map(({ name }) => removeIfEmpty(join(directory, name))),
  );
}

const stays: readonly unknown[] = ['EACCES', 'EBUSY', 'ENOTEMPTY', 'EPERM', 'EROFS'];

/** False when it has processes, or groups with some. */
async function removeIfEmpty(group: string): Promise<boolean> {
  try {
    await rmdir(group);
    return true;
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? error.code : undefined;
    if (code === 'ENOENT') return true;
    if (stays.includes(code)) return false;
    throw error;
  }
}

function liftCpuLimit(group: string, version: 1 | 2): void {
  try {
    writeFileSync(join(group, unlimitedCpu[version].file), unlimitedCpu[version].value);
  } catch (error) {
    // Whatever was in it has ended already.
    const isGone = error instanceof Error && 'code' in error && (error.code === 'ENOENT' || error.code === 'ENODEV');
    if (!isGone) throw error;
  }
}

function readKills(group: string, version: 1 | 2): number {
  const text = readFileSync(join(group, version === 1 ? 'memory.oom_control' : 'memory.events'), 'utf8');
  return Number(/^oom_kill (\d+)$/m.exec(text)?.[1] ?? 0);
}
