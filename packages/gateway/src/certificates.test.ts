import { generateKeyPairSync } from 'node:crypto';
import type { Secret } from '@slipway/kube/api.generated';
import { silentLogger } from '@slipway/kube/logger';
import { expect, test } from 'vitest';
import { certificate, privateKey } from '../testing/certificate.ts';
import { Certificates } from './certificates.ts';
import { emptyRoutingTable } from './routing/routing-table.ts';

const pair = generateKeyPairSync('ec', { namedCurve: 'P-256' });
const other = pair.privateKey.export({ type: 'pkcs8', format: 'pem' }).toString();

function allOf(crt: string, key: string): readonly string[] {
  const encode = (text: string): string => Buffer.from(text).toString('base64');
  const secret: Secret = { metadata: {}, data: { 'tls.crt': encode(crt), 'tls.key': encode(key) } };
  const certificates = new Certificates({ logger: silentLogger, secret: () => secret });
  const named = new Map([['shop.localhost', { namespace: 'a', name: 'b' }]]);
  certificates.install({ ...emptyRoutingTable, certificates: named });
  return [...certificates.all().values()];
}

test.each([
  ['nothing else', certificate, privateKey],
  ['words of a person', `The chain of shop:\n${certificate}\n# until 2126\n`, `${privateKey}\nkeep it!\n`],
  ['a key that is another one', `${other}${certificate}`, `${privateKey}${other}`],
])('a certificate and its key are given to another program alone: %s', (_, crt, key) => {
  const [pem = '', ...rest] = allOf(crt, key);
  expect(rest).toEqual([]);
  expect(pem.match(/^-----BEGIN .*$/gm)).toEqual(['-----BEGIN CERTIFICATE-----', '-----BEGIN PRIVATE KEY-----']);
  expect(pem.replaceAll('\n', '')).toContain(certificate.trim().replaceAll('\n', ''));
  expect(pem).not.toMatch(/chain of|keep it|2126/);
});

test('one that does not belong to its key is given to nobody', () => {
  expect(allOf(certificate, other)).toEqual([]);
});

test('one under another label of PEM is given to nobody, for a key alone would make HAProxy refuse all of them', () => {
  const relabelled = certificate.replaceAll(' CERTIFICATE-----', ' X509 CERTIFICATE-----');
  expect(allOf(relabelled, privateKey)).toEqual([]);
});
