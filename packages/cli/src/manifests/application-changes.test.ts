import type { Application } from '@slipway/delivery/api/application';
import { describe, expect, it } from 'vitest';
import { checkChanges, describeDropped, withChanges } from './application-changes.ts';

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

  it('keeps the parameters of the strategy that is asked for, and drops those of one that goes', () => {
    const canary = { steps: [{ setWeight: 20 }] };
    const strategy = { type: 'rolling', rolling: { maxSurge: 1 }, canary };
    const both = { ...application, spec: { ...application.spec, strategy } };
    const strategyOf = (type: string) => withChanges(both, { image: [], strategy: type }).spec.strategy;
    expect(strategyOf('rolling')).toEqual({ type: 'rolling', rolling: { maxSurge: 1 } });
    expect(strategyOf('canary')).toEqual({ type: 'canary', canary });
    expect(strategyOf('blueGreen')).toEqual({ type: 'blueGreen' });
    expect(describeDropped(both, { image: [], strategy: 'canary' })).toEqual([
      '--strategy canary: what shop says in spec.strategy.rolling (maxSurge) is not used.',
    ]);
    expect(describeDropped(both, { image: [] })).toEqual([]);
  });

  it('asks for the steps that a canary needs', () => {
    expect(() => withChanges(application, { image: [], strategy: 'canary' })).toThrow(
      'the manifest of shop has no steps for it',
    );
  });

  it('says where the image of an adopted Deployment is changed', () => {
    const adopting = { ...application, spec: { workloadRef: { kind: 'Deployment', name: 'shop' } } };
    expect(() => withChanges(adopting, { image: ['web=web:2'] })).toThrow('kubectl set image deployment/shop');
  });

  it('finds containers that run first too', () => {
    const initContainers = [{ name: 'migrate', image: 'web:1' }];
    const template = { spec: { containers: [{ name: 'web', image: 'web:1' }], initContainers } };
    const first = { ...application, spec: { template } };
    const { spec } = withChanges(first, { image: ['migrate=web:2'] });
    expect(spec.template?.spec).toEqual({
      containers: [{ name: 'web', image: 'web:1' }],
      initContainers: [{ name: 'migrate', image: 'web:2' }],
    });
  });

  it('names the containers that there are', () => {
    expect(() => withChanges(application, { image: ['wbe=web:2'] })).toThrow(
      'the Application shop has no container named "wbe", it has: web, log',
    );
  });
});

describe('checkChanges', () => {
  const map = { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'settings' } };
  const other = { ...application, metadata: { name: 'cart' } };

  it.each([
    { name: 'one Application and what belongs to it', objects: [map, application], changes: { image: ['web=web:2'] } },
    { name: 'a version for several', objects: [application, other], changes: { version: '2', image: [] } },
    { name: 'nothing for none', objects: [map], changes: { image: [] } },
  ])('lets pass $name', ({ objects, changes }) => {
    expect(() => checkChanges(objects, changes, 'manifests')).not.toThrow();
  });

  it.each([
    {
      name: 'what would be left out',
      objects: [map],
      changes: { version: '2', image: ['web=web:2'] },
      message: '--version and --image are for an Application, and manifests holds none',
    },
    {
      name: 'an image for several Applications',
      objects: [application, other],
      changes: { image: ['web=web:2'] },
      message: 'manifests holds 2: shop, cart',
    },
    {
      name: 'two images for one container',
      objects: [application],
      changes: { image: ['web=web:2', 'web=web:3'] },
      message: '--image web=... is given twice',
    },
  ])('refuses $name', ({ objects, changes, message }) => {
    expect(() => checkChanges(objects, changes, 'manifests')).toThrow(message);
  });
});
