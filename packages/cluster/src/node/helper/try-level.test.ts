import { describe, expect, it } from 'vitest';
import { explainUserFault } from './try-level.ts';

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
