import { describe } from 'vitest';
import type { DataPlane } from '../../src/data-plane.ts';
import { describeBodies } from './bodies.ts';
import { describeCounting } from './counting.ts';
import { describeDraining } from './draining.ts';
import { describeHold } from './hold.ts';
import { describeMatches } from './matches.ts';
import { describeMirror } from './mirror.ts';
import { describeRequests } from './requests.ts';
import { describeRetries } from './retries.ts';
import { describeRoutes } from './routes.ts';
import { describeSessions } from './sessions.ts';
import { describeSilence } from './silence.ts';
import { describeSticky } from './sticky.ts';
import { describeUpgrades } from './upgrades.ts';
import { describeWeights } from './weights.ts';
import { createSetting } from './setting.ts';

/** What every data plane does with requests; `open` makes one that does not listen yet. */
export function describeDataPlane(name: string, open: () => DataPlane): void {
  describe(name, () => {
    const setting = createSetting(open);
    describeRequests(setting);
    describeBodies(setting);
    describeWeights(setting);
    describeRetries(setting);
    describeDraining(setting);
    describeSilence(setting);
    describeRoutes(setting);
    describeUpgrades(setting);
    describeCounting(setting);
    describeMatches(setting);
    describeSticky(setting);
    describeSessions(setting);
    describeMirror(setting);
    describeHold(setting);
  });
}
