import type { Application } from '@slipway/delivery/api/application';
import { describe, expect, it } from 'vitest';
import { withChanges } from './application-changes.ts';

const application: Application = {
  apiVersion: 'slipway.dev/v1alpha1',
  kind: 'Application',
  metadata: { name: 'shop' },
  spec: {
    version: '1',
    strategy: { type: 'rolling', rolling: { maxSurge: 1 } },
    template: {
      spec: {
        containers: [
          { name: 'web', image: 'web:1' },
          { name: 'log', image: 'log:1' },
        ],
      },
    },
  },
};

describe('withChanges', () => {
  it('changes nothing that the command line does not name', () => {
    expect(withChanges(application, { image: [] })).toEqual(application);
  });

  it('puts version and images above the manifest', () => {
    const { spec } = withChanges(application, { version: '2', image: ['web=registry:5000/web:2@sha256:a=b'] });
    expect(spec.version).toBe('2');
    expect(spec.template?.spec?.containers).toEqual([
      { name: 'web', image: 'registry:5000/web:2@sha256:a=b' },
      { name: 'log', image: 'log:1' },
    ]);
  });

  it('keeps the parameters of the strategy that stays, and drops those of one that goes', () => {
    expect(withChanges(application, { image: [], strategy: 'rolling' }).spec.strategy).toEqual(
      application.spec.strategy,
    );
    expect(withChanges(application, { image: [], strategy: 'blueGreen' }).spec.strategy).toEqual({ type: 'blueGreen' });
  });

  it('names the containers that there are', () => {
    expect(() => withChanges(application, { image: ['wbe=web:2'] })).toThrow(
      'the Application shop has no container named "wbe", it has: web, log',
    );
  });
});
