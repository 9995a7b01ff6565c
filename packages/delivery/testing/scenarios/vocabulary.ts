/** What several tables ask for and see. */
import type { CanaryStep, Strategy } from '../../src/api/application.ts';
import type { Check } from '../../src/api/check.ts';
import type { Seen } from '../scripted-release.ts';

export const canary = (...steps: readonly CanaryStep[]): Strategy => ({ type: 'canary', canary: { steps } });

/** Until a person lets it go on. */
export const stop: CanaryStep = { pause: {} };

/** The first version serves, and the next one has gone. */
export const back: Seen = { serving: '1', weights: '1:100', pods: '1:4' };

export const done: Seen = { serving: '2', weights: '2:100', phases: '1 Succeeded, 2 Succeeded', pods: '2:4' };

/** What the deed `measure` answers, where no other path is asked. */
export const check = (name: string, path = '/errors'): Check => ({
  name,
  provider: { web: { url: `http://metrics.test${path}`, jsonPath: '$.rate' } },
  successWhen: 'value < 0.1',
  interval: '5s',
  count: 2,
});

export const errors = check('errors');
