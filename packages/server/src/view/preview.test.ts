import type { Split, SplitRule } from '@slipway/kube/split';
import { describe, expect, test } from 'vitest';
import { release } from '../../../delivery/testing/records.ts';
import { findPreview, type GatewayPorts } from './preview.ts';

const backend = (version: string) => ({ service: `shop-${version}`, port: 80, version, weight: 100 });
const users: SplitRule = { hosts: ['shop.example.org'], paths: ['/'], backends: [backend('1')] };
const preview: SplitRule = { ...users, hosts: ['next.example.org', 'look.example.org'], backends: [backend('2')] };
const tls = { secretName: 'certificate' };

const blueGreen = { autoPromote: false, previewHosts: preview.hosts };
const releases = [
  release({ spec: { version: '1' } }),
  release({ spec: { version: '2', strategy: { type: 'blueGreen', blueGreen } } }),
];

function split(rules: readonly SplitRule[], given: Partial<Split['spec']> = {}): Split {
  return { metadata: { name: 'shop' }, spec: { application: 'shop', rules, ...given } };
}

test.each([
  { name: 'without a Split', given: undefined },
  { name: 'without a rule for it', given: split([users]) },
  { name: 'where its hosts lead nowhere', given: split([users, { ...preview, backends: [] }]) },
  {
    name: 'of a further rule of the users',
    given: split([users, { ...users, hosts: ['other.example.org'], backends: [backend('2')] }]),
  },
  { name: 'of a version that is promoted', given: split([{ ...users, backends: [backend('2')] }]) },
  { name: 'of TLS that is listened for nowhere', given: split([users, { ...preview, tls }]) },
])('there is none $name', ({ given }) => {
  expect(findPreview({ split: given, releases, ports: { plain: 8080 } })).toBeUndefined();
});

test('there is none of a version whose release is gone', () => {
  expect(findPreview({ split: split([users, preview]), releases: [] })).toBeUndefined();
});

describe('it is', () => {
  test.each<{ name: string; given: Split; ports?: GatewayPorts; first: string }>([
    { name: 'at the usual port', given: split([users, preview]), first: 'http://next.example.org/' },
    {
      name: 'at the usual port of TLS',
      given: split([users, { ...preview, tls }]),
      first: 'https://next.example.org/',
    },
    {
      name: 'at the port of our gateway',
      given: split([users, preview]),
      ports: { plain: 8080 },
      first: 'http://next.example.org:8080/',
    },
    {
      name: 'at the port of somebody else, who carries the requests',
      given: split([users, { ...preview, tls }], { through: 'istio' }),
      ports: { plain: 8080 },
      first: 'https://next.example.org/',
    },
    {
      name: 'at that of TLS, under the first path',
      given: split([users, { ...preview, paths: ['/shop'], tls }]),
      ports: { plain: 8080, tls: 8443 },
      first: 'https://next.example.org:8443/shop',
    },
    {
      name: 'at its own host, whatever its path begins with',
      given: split([users, { ...preview, paths: ['//shop'] }]),
      first: 'http://next.example.org//shop',
    },
    {
      name: 'wherever its rule stands among the others',
      given: split([preview, users, { ...users, hosts: ['other.example.org'] }]),
      first: 'http://next.example.org/',
    },
  ])('$name', ({ given, ports, first }) => {
    const found = findPreview({ split: given, releases, ports });
    expect(found).toMatchObject({ version: '2', urls: [first, expect.stringContaining('look.example.org')] });
  });
});
