import { expect, it } from 'vitest';
import { homeDirectory } from './home-directory.ts';

it('is what the system says', () => {
  expect(homeDirectory('--data-dir DIR', () => '/home/ann')).toBe('/home/ann');
});

it('is not known of every user', () => {
  const unknown = Object.assign(new Error('no such user'), { code: 'ERR_SYSTEM_ERROR', syscall: 'uv_os_homedir' });
  const find = (): string => {
    throw unknown;
  };
  expect(() => homeDirectory('--data-dir DIR', find)).toThrow(
    expect.objectContaining({ exitCode: 2, message: expect.stringContaining('Say --data-dir DIR, or set HOME.') }),
  );
});
