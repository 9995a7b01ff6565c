import { describe, expect, it } from 'vitest';
import { browserCommand } from './open-browser.ts';

const screen = { DISPLAY: ':0' };

describe('what opens a browser', () => {
  it.each([
    { name: 'nothing where no person looks', platform: 'linux', environment: screen, isTerminal: false },
    { name: 'nothing without a screen', platform: 'linux', environment: { DISPLAY: '' }, isTerminal: true },
    { name: 'the desktop', platform: 'linux', environment: screen, isTerminal: true, command: 'xdg-open' },
    {
      name: 'the desktop of today',
      platform: 'linux',
      environment: { WAYLAND_DISPLAY: 'wayland-0' },
      isTerminal: true,
      command: 'xdg-open',
    },
    { name: 'the system', platform: 'darwin', environment: {}, isTerminal: true, command: 'open' },
  ] as const)(
    'is $name',
    ({ command, ...surroundings }: { command?: string } & Parameters<typeof browserCommand>[0]) => {
      expect(browserCommand(surroundings)).toBe(command);
    },
  );
});
