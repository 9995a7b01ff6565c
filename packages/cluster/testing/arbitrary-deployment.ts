/** Parts of Deployments with every kind of list that merges know: by key, by two keys, sets, atomic ones. */
import fc from 'fast-check';
import type { JsonObject } from '../src/schema/shape.ts';

const word = fc.constantFrom('a', 'b', 'c', 'd');
const labels = fc.dictionary(fc.constantFrom('a', 'b', '__proto__'), word, { minKeys: 1, noNullPrototype: true });

/** Objects that the key tells apart, each with more or less in it. */
function keyed(
  key: string,
  rest: Readonly<Record<string, fc.Arbitrary<unknown>>>,
): fc.Arbitrary<readonly JsonObject[]> {
  const item = fc.record({ [key]: word, ...rest }, { requiredKeys: [key], noNullPrototype: true });
  return fc.uniqueArray(item, { minLength: 1, maxLength: 4, selector: (each) => each[key] });
}

const ports = fc.uniqueArray(
  fc.record(
    { containerPort: fc.constantFrom(80, 81), protocol: fc.constantFrom('TCP', 'UDP'), name: word },
    { requiredKeys: ['containerPort', 'protocol'], noNullPrototype: true },
  ),
  { minLength: 1, selector: ({ containerPort, protocol }) => `${containerPort}/${protocol}` },
);

const container = {
  image: word,
  command: fc.array(word, { minLength: 1, maxLength: 3 }),
  env: keyed('name', { value: word }),
  resources: fc.record({ limits: fc.record({ cpu: word }, { noNullPrototype: true }) }, { noNullPrototype: true }),
};

const uniqueWords = fc.uniqueArray(word, { minLength: 1 });

function deployment(containerFields: Readonly<Record<string, fc.Arbitrary<unknown>>>): fc.Arbitrary<JsonObject> {
  const podSpec = fc.record(
    { containers: keyed('name', containerFields), nodeSelector: labels },
    { requiredKeys: ['containers'], noNullPrototype: true },
  );
  const template = fc.record({ spec: podSpec }, { noNullPrototype: true });
  return fc.record(
    {
      metadata: fc.record({ labels, finalizers: uniqueWords }, { noNullPrototype: true }),
      spec: fc.record(
        { replicas: fc.nat(3), template, paused: fc.boolean() },
        { requiredKeys: ['template'], noNullPrototype: true },
      ),
    },
    { noNullPrototype: true },
  );
}

/** In strategic merge patches ports are told apart by their number alone, in server-side apply by number and protocol. */
export const arbitraryDeployment = deployment(container);
export const arbitraryDeploymentWithPorts = deployment({ ...container, ports });
