import { describe, expect, it, vi } from 'vitest';
import { canExport, pastShells, planVariables } from './shell-names.ts';

describe('variables that a shell gives on as they are', () => {
  it.each([
    { name: 'HOME', can: true },
    { name: '_own1', can: true },
    { name: 'OPTIONS', can: true },
    { name: 'RANDOM_SEED', can: true },
    { name: 'with.dot', can: false },
    { name: '1st', can: false },
    { name: 'OPTIND', can: false },
    { name: 'UID', can: false },
    { name: 'PWD', can: false },
    { name: 'IFS', can: false },
    { name: 'RANDOM', can: false },
    { name: 'SRANDOM', can: false },
    { name: 'SECONDS', can: false },
    { name: 'EPOCHREALTIME', can: false },
    { name: 'EPOCHSECONDS', can: false },
    { name: 'HISTCMD', can: false },
    { name: 'COMP_WORDBREAKS', can: false },
    { name: 'POSIXLY_CORRECT', can: false },
    { name: 'LD_PRELOAD', can: false },
    { name: 'LIBMOUNT_FSTAB', can: false },
  ])('$name: $can', ({ name, can }) => {
    expect(canExport({ PATH: '/bin', [name]: "it's" })).toBe(can);
  });
});

it('takes what shells lose past them by env, and nothing else', () => {
  expect(pastShells({ HOME: '/', 'a.b': "it's", PWD: '/x' }, '/usr/bin/env')).toEqual([
    '/usr/bin/env',
    '--',
    "a.b=it's",
    'PWD=/x',
  ]);
  expect(pastShells({ HOME: '/' }, '/usr/bin/env')).toEqual([]);
  expect(pastShells({ 'a.b': '1' }, undefined)).toEqual([]);
});

describe('variables by which programs of the machine load and write', () => {
  const environment = { HOME: '/', LD_PRELOAD: '/a.so', 'a.b': '1' };
  const env = '/usr/bin/env';

  it('are given within the container, behind all of those', () => {
    expect(planVariables(environment, () => ({ env, isInside: true }))).toEqual({
      seen: { HOME: '/', 'a.b': '1' },
      before: [],
      inside: [env, '--', 'LD_PRELOAD=/a.so', 'a.b=1'],
    });
  });

  it('are refused where the container has no program for it, and others are not', () => {
    const outside = () => ({ env, isInside: false });
    expect(() => planVariables(environment, outside)).toThrow(/variable LD_PRELOAD cannot be given .* \/usr\/bin\/env/);
    expect(planVariables({ 'a.b': '1' }, outside)).toEqual({
      seen: { 'a.b': '1' },
      before: [env, '--', 'a.b=1'],
      inside: [],
    });
  });

  it('are all there may be to look for: without any, nobody asks for env', () => {
    const findEnv = vi.fn(() => ({ env, isInside: true }));
    expect(planVariables({ HOME: '/' }, findEnv)).toEqual({ seen: { HOME: '/' }, before: [], inside: [] });
    expect(findEnv).not.toHaveBeenCalled();
  });
});
