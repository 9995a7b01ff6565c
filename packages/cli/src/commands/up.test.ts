import { describe, expect, it } from 'vitest';
import type { ClusterState } from '../embedded/data-directory.ts';
import { greeting } from './up.ts';

const state = {
  deploymentServer: { url: 'http://127.0.0.1:40001', tokenFile: '/data/server/server-token' },
  limitations: [],
  kubeconfig: '/data/kubeconfig',
} as const;

describe('the greeting of a cluster', () => {
  it('says in the line of the server why that is elsewhere', () => {
    const whole: ClusterState = {
      ...state,
      server: { pid: 1, startTicks: '' },
      node: undefined,
      apiServer: '',
      gateway: '',
      runtime: 'simulated',
      level: 'plain',
      ephemeral: false,
      mergedInto: undefined,
      startedAt: '',
      readyMilliseconds: 1,
    };
    expect(greeting(whole, ' (8090 is in use)')).toContain(
      '  Server      http://127.0.0.1:40001 (8090 is in use) (log in: slipway open --data-dir /data)',
    );
  });
});
