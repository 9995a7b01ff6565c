import type { Split, SplitRule } from '@slipway/kube/split';
import { expect, test } from 'vitest';
import { findPreview } from './preview.ts';

const backend = (version: string) => ({ service: `shop-${version}`, port: 80, version, weight: 100 });
const users: SplitRule = { hosts: ['shop.example.org'], paths: ['/'], backends: [backend('1')] };
const preview: SplitRule = { ...users, hosts: ['next.example.org', 'look.example.org'], backends: [backend('2')] };

function split(rules: readonly SplitRule[], given: Partial<Split['spec']> = {}): Split {
  return { metadata: { name: 'shop' }, spec: { application: 'shop', rules, ...given } };
}

test.each([
  { name: 'without a Split', given: undefined },
  { name: 'without a rule for it', given: split([users]) },
  { name: 'where its hosts lead nowhere', given: split([users, { ...preview, backends: [] }]) },
])('there is none $name', ({ given }) => {
  expect(findPreview(given, 8080)).toBeUndefined();
});

test.each([
  { name: 'the usual port', given: split([users, preview]), port: undefined, first: 'http://next.example.org/' },
  {
    name: 'the port of our gateway',
    given: split([users, preview]),
    port: 8080,
    first: 'http://next.example.org:8080/',
  },
  {
    name: 'the port of somebody else, who carries the requests',
    given: split([users, preview], { through: 'istio' }),
    port: 8080,
    first: 'http://next.example.org/',
  },
  {
    name: 'that of TLS, and the first path',
    given: split([users, { ...preview, paths: ['/shop'], tls: { secretName: 'certificate' } }]),
    port: 8080,
    first: 'https://next.example.org/shop',
  },
])('it is at $name', ({ given, port, first }) => {
  const found = findPreview(given, port);
  expect(found).toMatchObject({ version: '2', urls: [first, expect.stringContaining('look.example.org')] });
});
