import { chmod, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { userTools } from '../runtimes/process/tools.ts';
import { explainUserFault, tryUser } from './try-level.ts';

it('gives up a trial that hangs', async () => {
  const directory = await mkdtemp(join(tmpdir(), 'slipway-tools-'));
  for (const name of userTools) {
    await writeFile(join(directory, name), '#!/bin/sh\nexec sleep 1000\n');
    await chmod(join(directory, name), 0o755);
  }
  const trial = await tryUser(directory, { timeout: 50, killSignal: 'SIGKILL' });
  expect(trial).toMatchObject({ isPossible: false, why: expect.stringMatching(/(did not end in time|sysctl .*)\W*$/) });
  await rm(directory, { recursive: true });
});

describe('why an ordinary user gets no namespaces', () => {
  it.each([
    {
      name: 'the setting of Debian',
      settings: { 'kernel/unprivileged_userns_clone': '0' },
      says: 'ordinary users get no namespaces here (sysctl kernel.unprivileged_userns_clone=0).',
    },
    {
      name: 'the setting of Ubuntu',
      settings: { 'kernel/unprivileged_userns_clone': '1', 'kernel/apparmor_restrict_unprivileged_userns': '1' },
      says: 'ordinary users get no namespaces here (sysctl kernel.apparmor_restrict_unprivileged_userns=1).',
    },
    {
      name: 'the setting of the kernel',
      settings: { 'user/max_user_namespaces': '0' },
      says: 'ordinary users get no namespaces here (sysctl user.max_user_namespaces=0).',
    },
    {
      name: 'what the program said, where no setting explains it',
      settings: { 'user/max_user_namespaces': '96365' },
      says: 'user namespaces do not work here: mount: /proc: permission denied.',
    },
  ])('is told by $name', ({ settings, says }) => {
    const read = (file: string): string | undefined => new Map(Object.entries(settings)).get(file);
    expect(explainUserFault('mount: /proc: permission denied', read)).toBe(says);
  });
});
