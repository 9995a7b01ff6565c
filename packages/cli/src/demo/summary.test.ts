import { validateApplication } from '@slipway/delivery/validate-application';
import { describe, expect, it } from 'vitest';
import { demoRelease, servedLoad } from '../../testing/demo-result.ts';
import { demoApplication } from './application.ts';
import { summarize } from './summary.ts';

describe('the demo', () => {
  it('asks for a valid Application', () => {
    expect(validateApplication(demoApplication('v1', 'default'))).toEqual([]);
  });

  it('shows how long traffic took to move', () => {
    const moved = demoRelease('v2', {
      phase: 'Succeeded',
      startedAt: '2026-01-01T00:00:00.000000Z',
      healthyAt: '2026-01-01T00:00:01.000000Z',
      trafficMovedAt: '2026-01-01T00:00:01.142000Z',
      finishedAt: '2026-01-01T00:00:04.000000Z',
    });
    expect(summarize({ releases: [moved], load: servedLoad }).join('\n')).toMatch(
      /v2 .*Succeeded .*4\.000 s .*0\.142 s/,
    );
  });
});
