import { expect, it } from 'vitest';
import { mountContent } from './content-mount.ts';

const bounded = 'nodev,mode=0700,size=10%,nr_inodes=200k';

it('is never swapped where the kernel promises it', async () => {
  const asked: Array<readonly string[]> = [];
  await mountContent('/memory', async (parameters) => void asked.push(parameters));
  expect(asked).toEqual([['-n', '-t', 'tmpfs', '-o', `${bounded},noswap`, 'slipway', '/memory']]);
});

it('is mounted all the same where the kernel refuses that', async () => {
  const mounted: string[] = [];
  await mountContent('/memory', async (parameters) => {
    const options = parameters[4] ?? '';
    if (options.includes('noswap')) throw new Error('wrong fs type, bad option');
    mounted.push(options);
  });
  expect(mounted).toEqual([bounded]);
});

it('says why it cannot be mounted at all', async () => {
  const refuse = (): Promise<void> => Promise.reject(new Error('permission denied'));
  await expect(mountContent('/memory', refuse)).rejects.toThrow('permission denied');
});
