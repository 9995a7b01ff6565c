import { describe } from 'vitest';
import { describeDataPlane } from '../../testing/data-plane-contract.ts';
import { noHaproxyReason, openHaproxy } from '../../testing/haproxy.ts';

describe.skipIf(noHaproxyReason !== undefined)(
  `HAProxy${noHaproxyReason === undefined ? '' : ` (${noHaproxyReason})`}`,
  () => {
    describeDataPlane('in front of the built-in proxy', openHaproxy);
  },
);
