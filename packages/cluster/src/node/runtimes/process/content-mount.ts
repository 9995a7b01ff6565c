/**
 * The file system in memory of what volumes show of objects. It is one of its own with bounds of its own, so that whoever fills
 * it with objects fills neither the machine's memory nor what containers are made on: a tenth of the memory, and 200 Ki
 * files, which take the kernel about as many KiB besides. A token takes nine files, twice that while it is replaced, so
 * they do for some ten thousand pods.
 */
const options = 'nodev,mode=0700,size=10%,nr_inodes=200k';

/**
 * It is not swapped either where the kernel can promise that: Linux from 6.3 on, to root of the machine, not of a user
 * namespace. Others refuse the option. What else is wrong is wrong without it too.
 */
export function mountContent(
  directory: string,
  mount: (parameters: readonly string[]) => Promise<void>,
): Promise<void> {
  const mountWith = (given: string): Promise<void> => mount(['-n', '-t', 'tmpfs', '-o', given, 'slipway', directory]);
  return mountWith(`${options},noswap`).catch(() => mountWith(options));
}
