import { describe, expect, it } from 'vitest';
import { calculateStatusPatch } from './status-patch.ts';

describe('the patch of a status', () => {
  it('clears the reason of a condition that has none any more', () => {
    const status = { conditions: [{ type: 'Ready', status: 'True' }] };
    expect(calculateStatusPatch(status, undefined)).toMatchObject({
      conditions: [{ type: 'Ready', status: 'True', reason: null, message: null }],
    });
  });

  it('keeps the reason of a condition that has one', () => {
    const status = {
      conditions: [{ type: 'Ready', status: 'False', reason: 'PodFailed' }],
      reason: 'DeadlineExceeded',
    };
    expect(calculateStatusPatch(status, undefined)).toMatchObject({
      reason: 'DeadlineExceeded',
      conditions: [{ reason: 'PodFailed', message: null }],
    });
  });

  it('replaces an address that the pod does not have any more', () => {
    const status = { podIPs: [{ ip: '10.0.0.2' }] };
    expect(calculateStatusPatch(status, { podIPs: [{ ip: '10.0.0.1' }] })).toMatchObject({
      podIPs: [{ $patch: 'replace' }, { ip: '10.0.0.2' }],
    });
    expect(calculateStatusPatch(status, { podIPs: [{ ip: '10.0.0.2' }] })).toMatchObject({
      podIPs: [{ ip: '10.0.0.2' }],
    });
  });
});
