import { rules, string } from './schema.ts';

export const hosts = { maxItems: 64, 'x-kubernetes-list-type': 'set' };
const hostLabel = '[A-Za-z0-9]([-A-Za-z0-9]*[A-Za-z0-9])?';
export const host = string('A host.', {
  maxLength: 253,
  ...rules([
    `self.matches('^([*][.])?${hostLabel}([.]${hostLabel})*$')`,
    'must be the name of a host, such as shop.example.org or *.example.org, without scheme, port or path',
  ]),
});
