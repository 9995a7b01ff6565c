/** What a container's requests and limits are in files of control groups. Pure. */
import type { ResourceRequirements } from '@slipway/kube/api.generated';
import { quantityMilliValue, quantityValue } from '@slipway/kube/quantity';
import type { Controller } from './find-control-groups.ts';

export interface GroupValue {
  readonly file: string;
  readonly value: string;
  /** Not every kernel has the file. */
  readonly isOptional?: boolean | undefined;
}

export interface GroupWish {
  readonly resources: ResourceRequirements;
  readonly maximumProcesses: number;
}

const periodMicroseconds = 100_000;
const minimumQuotaMicroseconds = 1_000;
const minimumShares = 2;
const maximumShares = 262_144;

/**
 * Empty for a controller of which the container asks nothing.
 *
 * As the kubelet calculates them: shares are 1,024 a CPU of the request (else the limit); the quota is the limit's part of a
 * period. `cpu: 250m` of both gives 256 shares, and 25,000 of every 100,000 µs; with version 2 a weight of 10.
 * https://github.com/kubernetes/enhancements/tree/master/keps/sig-node/2254-cgroup-v2
 */
export function calculateGroupValues(
  { controller, version }: { readonly controller: Controller; readonly version: 1 | 2 },
  { resources, maximumProcesses }: GroupWish,
): readonly GroupValue[] {
  switch (controller) {
    case 'pids':
      return [{ file: 'pids.max', value: String(maximumProcesses) }];
    case 'memory':
      return memoryValues(version, resources);
    case 'cpu':
      return cpuValues(version, resources);
  }
}

/** Memory that is swapped counts too: a limit is not to be had by swapping. */
function memoryValues(version: 1 | 2, { limits }: ResourceRequirements): readonly GroupValue[] {
  const bytes = quantityValue(limits?.['memory']);
  if (bytes <= 0) return [];
  const value = String(Math.ceil(bytes));
  return version === 1
    ? [
        { file: 'memory.limit_in_bytes', value },
        { file: 'memory.memsw.limit_in_bytes', value, isOptional: true },
      ]
    : [
        { file: 'memory.max', value },
        { file: 'memory.swap.max', value: '0', isOptional: true },
        // All of a container ends or none: what is left of it would not know what it lacks.
        { file: 'memory.oom.group', value: '1', isOptional: true },
      ];
}

function cpuValues(version: 1 | 2, { requests, limits }: ResourceRequirements): readonly GroupValue[] {
  const limit = quantityMilliValue(limits?.['cpu']);
  const request = quantityMilliValue(requests?.['cpu'] ?? limits?.['cpu']);
  const shares = Math.min(maximumShares, Math.max(minimumShares, Math.floor((request * 1_024) / 1_000)));
  const quota = String(Math.max(minimumQuotaMicroseconds, Math.floor((limit * periodMicroseconds) / 1_000)));
  const period = String(periodMicroseconds);
  const ofRequest =
    version === 1
      ? { file: 'cpu.shares', value: String(shares) }
      : { file: 'cpu.weight', value: String(weightOf(shares)) };
  const ofLimit =
    version === 1
      ? [
          { file: 'cpu.cfs_period_us', value: period },
          { file: 'cpu.cfs_quota_us', value: quota },
        ]
      : [{ file: 'cpu.max', value: `${quota} ${period}` }];
  return [...(request > 0 ? [ofRequest] : []), ...(limit > 0 ? ofLimit : [])];
}

/** By version: what lifts a limit of CPU. */
export const unlimitedCpu: Readonly<Record<1 | 2, GroupValue>> = {
  1: { file: 'cpu.cfs_quota_us', value: '-1' },
  2: { file: 'cpu.max', value: 'max' },
};

/**
 * Lines of a shell that lift those of all containers in the groups of the variable `groups`, a line each: what is killed where
 * nobody else is left to do so must not be held back.
 */
export const liftAllScript = Object.values(unlimitedCpu)
  .map(({ file, value }) => `for file in "$group"/*/${file}; do [ -w "$file" ] && echo ${value} >"$file"; done`)
  .join('\n');

/** 2 to 262,144 shares are weights 1 to 10,000. */
function weightOf(shares: number): number {
  return 1 + Math.floor(((shares - minimumShares) * 9_999) / (maximumShares - minimumShares));
}
