import type { ContainerStatus, Pod } from '@slipway/kube/api.generated';
import { describe, expect, it } from 'vitest';
import { describeSilent, findLogSources } from './log-sources.ts';

function status(name: string, given: Partial<ContainerStatus>): ContainerStatus {
  return { name, image: 'i', imageID: 'i', ready: false, restartCount: 0, ...given };
}

function pod(name: string, containerStatuses: readonly ContainerStatus[]): Pod {
  return {
    metadata: { name },
    spec: { containers: [{ name: 'web' }] },
    status: { containerStatuses: [...containerStatuses] },
  };
}

const running = { containerID: 'process://1', state: { running: {} } };

describe('findLogSources', () => {
  it('finds runs in the order of pods, and those that have ended', () => {
    const ended = { containerID: 'process://2', state: { terminated: { exitCode: 1 } } };
    expect(findLogSources([pod('b', [status('web', running)]), pod('a', [status('web', ended)])])).toEqual([
      { pod: 'a', container: 'web', id: 'process://2' },
      { pod: 'b', container: 'web', id: 'process://1' },
    ]);
  });

  it('leaves out what has not started', () => {
    expect(findLogSources([pod('a', [status('web', { state: { waiting: {} } })]), pod('b', [])])).toEqual([]);
  });
});

describe('describeSilent', () => {
  it('says why a container has no log', () => {
    const waiting = { state: { waiting: { reason: 'ErrImagePull', message: 'not found' } } };
    expect(
      describeSilent([pod('a', [status('web', waiting)]), pod('b', []), pod('c', [status('web', running)])]),
    ).toEqual(['a/web has no log: ErrImagePull: not found', 'b/web has no log: not started yet']);
  });
});
