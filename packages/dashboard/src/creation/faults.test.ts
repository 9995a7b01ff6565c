import { expect, test } from 'vitest';
import { faultsAt, formatPath, normalizeField, otherFaults } from './faults.ts';

const image = ['spec', 'template', 'spec', 'containers', 0, 'image'] as const;

test('a path is written as the API server writes it', () => {
  expect(formatPath(image)).toBe('spec.template.spec.containers[0].image');
});

test.each([
  ['spec.replicas', 'spec.replicas'],
  ['body/spec/containers/0/image', 'spec.containers[0].image'],
  ['body/name', 'metadata.name'],
])('%s is %s', (field, normal) => {
  expect(normalizeField(field)).toBe(normal);
});

test('a fault belongs to its field, and to what the field is a part of', () => {
  const faults = [
    { field: 'spec.template.spec.containers[0].image', message: 'is required' },
    { field: 'spec.strategy.canary.steps[2].setWeight', message: 'is too much' },
    { field: 'spec.hooks', message: 'is odd' },
  ];
  expect(faultsAt(faults, image)).toEqual(['is required']);
  expect(faultsAt(faults, ['spec', 'strategy', 'canary', 'steps'])).toEqual(['is too much']);
  expect(faultsAt(faults, ['spec', 'hook'])).toEqual([]);
  expect(otherFaults(faults, [image, ['spec', 'strategy']])).toEqual([faults[2]]);
});
