import { expect, it } from 'vitest';
import { explainRefusal } from './explain-refusal.ts';

const decoder = (found: string, field: string, type: string): string =>
  `Application in version "v1" cannot be handled as a Application: json: cannot unmarshal ${found} into Go struct field Application.${field} of type ${type}`;

it.each([
  {
    name: 'a text for a number',
    message: decoder('string', 'spec.replicas', 'int32'),
    said: 'spec.replicas: expected a whole number, found a string',
    explain: 'application.spec',
  },
  {
    name: 'a version that YAML takes for a number',
    message: decoder('number', 'spec.version', 'string'),
    said: 'spec.version: expected a string, found a number: write it in quotes',
    explain: 'application.spec',
  },
  {
    name: 'which number it was not',
    message: decoder('number 1.5', 'spec.replicas', 'int32'),
    said: 'spec.replicas: expected a whole number, found a number',
    explain: 'application.spec',
  },
  {
    name: 'a mapping for a list',
    message: decoder('object', 'spec.route.hosts', '[]string'),
    said: 'spec.route.hosts: expected a list, found a mapping',
    explain: 'application.spec.route',
  },
  {
    name: 'a field that nobody knows',
    message:
      'Application in version "v1alpha1" cannot be handled as a Application: strict decoding error: unknown field "spec.strategy.blueGren"',
    said: 'strict decoding error: unknown field "spec.strategy.blueGren"',
    explain: 'application.spec.strategy',
  },
  {
    name: 'one within a list',
    message: 'strict decoding error: unknown field "spec.template.spec.containers[0].imag"',
    said: 'strict decoding error: unknown field "spec.template.spec.containers[0].imag"',
    explain: 'application.spec.template.spec.containers',
  },
  {
    name: 'anything else as it was said',
    message: 'Application.slipway.dev "shop" is invalid',
    said: 'Application.slipway.dev "shop" is invalid',
    explain: 'application.spec',
  },
])('says $name', ({ message, said, explain }) => {
  expect(explainRefusal(message, 'Application')).toBe(
    `${said}\nNothing was changed. What fields there are: kubectl explain ${explain}`,
  );
});
