import { expect, it } from 'vitest';
import { unauthorized } from '../http/authenticate.ts';
import { Problem } from '../http/problem.ts';
import { noIcon, problemPage } from './problem-page.ts';

const look = { style: '/style.css', icon: noIcon };

it.each([
  { status: 401, heading: 'You are not logged in' },
  { status: 429, heading: 'Too many attempts' },
  { status: 503, heading: 'It is not possible just now' },
  { status: 500, heading: 'Something went wrong' },
])('says under its heading what went wrong ($status)', ({ status, heading }) => {
  const page = problemPage(new Problem(status, 'the <issuer> rests'), look);
  expect(page).toContain(`<h1>${heading}</h1>`);
  expect(page).toContain('>The &lt;issuer&gt; rests</p>');
});

it('tells nobody who looks at it of headers', () => {
  const problem = unauthorized('the link was used');
  expect(problem.message).toContain('Authorization: Bearer TOKEN');
  expect(problemPage(problem, look)).toContain('>The link was used</p>');
});

it('has browsers ask for no icon that is not there', () => {
  expect(problemPage(new Problem(401, 'no'), look)).toContain('<link rel="icon" href="data:,">');
});
