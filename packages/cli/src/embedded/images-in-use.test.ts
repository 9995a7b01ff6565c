import { expect, test } from 'vitest';
import { findDigests } from './images-in-use.ts';

const [first, second] = [`sha256:${'1'.repeat(64)}`, `sha256:${'2'.repeat(64)}`];

test('an image is in use wherever its digest stands', () => {
  const pod = { metadata: { name: 'web' }, status: { containerStatuses: [{ name: 'web', imageID: first }] } };
  const release = { metadata: { name: 'web-1' }, spec: { template: { image: `web@${second}` } } };
  expect([...findDigests([pod, release])]).toEqual([first, second]);
  expect([...findDigests([{ metadata: { name: 'h1:0' } }])]).toEqual([]);
});
