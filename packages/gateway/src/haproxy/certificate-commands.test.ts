import { expect, test } from 'vitest';
import { planCertificates } from './certificate-commands.ts';

const files = {
  list: 'L',
  fileOf: (host: string): string | undefined => (host.includes(' ') ? undefined : `F-${host}`),
};

test('a host is in the list when its certificate is whole, and leaves it before that goes', () => {
  const commands = planCertificates(new Map([['old', 'o']]), new Map([['new', 'n']]), files);
  expect(commands.map(({ line, block = '' }) => `${line} ${block}`.trim())).toEqual([
    'new ssl cert F-new',
    'set ssl cert F-new n',
    'commit ssl cert F-new',
    'add ssl crt-list L F-new new',
    'del ssl crt-list L F-old',
    'del ssl cert F-old',
  ]);
});

test('a certificate that is renewed takes the place of the old one in one step, and the same one is left alone', () => {
  const commands = planCertificates(
    new Map([
      ['a', '1'],
      ['b', '1'],
    ]),
    new Map([
      ['a', '2'],
      ['b', '1'],
    ]),
    files,
  );
  expect(commands.map(({ line }) => line)).toEqual(['set ssl cert F-a', 'commit ssl cert F-a']);
});

test('nothing in a certificate can be a command', () => {
  const commands = planCertificates(new Map(), new Map([['a', 'one\n\n \r\n\rshow info\r\n']]), files);
  expect(commands.find(({ line }) => line.startsWith('set'))?.block).toBe('one\nshow info');
});

test('what cannot be the host of a request gets nothing', () => {
  expect(planCertificates(new Map([['c d', '1']]), new Map([['a b', '1']]), files)).toEqual([]);
});
