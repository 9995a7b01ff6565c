import { expect, it } from 'vitest';
import { hideSecrets, secretsOfAddress } from './address-secrets.ts';

it.each([
  ['https://a.example/in?key=opensesame', 'no /in?key=opensesame', 'no /in(hidden)'],
  ['https://a.example/in?key=opensesame&a=b', '/in?key=opensesame&amp;a=b', '/in(hidden)'],
  ['https://a.example/in?key=open%2Bsesame', 'open%2Bsesame is open+sesame', '(hidden) is (hidden)'],
  ['https://a.example/in?key=open+sesame', 'open+sesame is open sesame', '(hidden) is (hidden)'],
  ['https://a.example/in?page=shop', 'no page shop', 'no page shop'],
  ['https://me:pass%21@a.example/', 'me: pass! is pass%21', 'me: (hidden) is (hidden)'],
  ['https://me:100%25%zz@a.example/', 'not 100%25%zz', 'not (hidden)'],
  ['no address', 'as it is', 'as it is'],
])('hides what of %s is secret', (address, text, hidden) => {
  expect(hideSecrets(text, secretsOfAddress(address))).toBe(hidden);
});
