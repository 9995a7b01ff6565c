import { describe, expect, it } from 'vitest';
import { helperProtocol } from './helper-options.ts';
import { canTakeOver } from './launch.ts';

const asked = { dataDirectory: '/data', storeIdentity: 'one', nodeNames: ['slipway'], level: 'user' } as const;
const running = { ...asked, protocol: helperProtocol, isStopping: false };

describe('canTakeOver', () => {
  it.each([
    { name: 'the same nodes on the same store', status: running, expected: true },
    { name: 'another store', status: { ...running, storeIdentity: 'two' }, expected: false },
    { name: 'a directory that has been moved', status: { ...running, dataDirectory: '/old' }, expected: false },
    { name: 'a helper that stops', status: { ...running, isStopping: true }, expected: false },
    { name: 'other nodes', status: { ...running, nodeNames: ['slipway', 'slipway-2'] }, expected: false },
    { name: 'another level', status: { ...running, level: 'plain' as const }, expected: false },
    { name: 'another protocol', status: { ...running, protocol: helperProtocol + 1 }, expected: false },
  ])('says $expected for $name', ({ status, expected }) => {
    expect(canTakeOver(status, asked)).toBe(expected);
  });

  it.each(['auto', undefined] as const)('takes any level where %s was asked for', (level) => {
    expect(canTakeOver(running, { ...asked, level })).toBe(true);
  });
});
