import { expect, it } from 'vitest';
import { describeSharedNetwork } from './first-port.ts';
import { limitationsOfPlain } from './plain-isolation.ts';

it('is said where ordinary users may not have every port', () => {
  expect(describeSharedNetwork(1024)).toMatch(/would collide, and on a port from 1024 on\.$/);
  expect(describeSharedNetwork(0)).toMatch(/would collide\.$/);
  expect(describeSharedNetwork()).toMatch(/would collide\.$/);
});

it('is said of containers that are ordinary processes, too', () => {
  expect(limitationsOfPlain({ tools: {}, firstPort: 1024 })[0]).toBe(describeSharedNetwork(1024));
});
