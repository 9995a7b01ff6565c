import { expect, it } from 'vitest';
import { release } from '../../testing/release.ts';
import { listImages } from './images.ts';

const template = {
  spec: {
    containers: [
      { name: 'web', image: 'shop:2' },
      { name: 'log', image: 'log:1' },
    ],
  },
};
const web = { container: 'web', imageIDs: ['sha256:1'] };

it.each([
  { name: 'as they were asked for', images: [], shown: ['web shop:2', 'log log:1'] },
  { name: 'by their digests, in their places', images: [web], shown: ['web sha256:1', 'log log:1'] },
  {
    name: 'behind them what the template does not name',
    images: [{ container: 'mesh', imageIDs: ['sha256:3', 'sha256:4'] }, web],
    shown: ['web sha256:1', 'log log:1', 'mesh sha256:3 sha256:4'],
  },
])('the images of a release are shown $name', ({ images, shown }) => {
  const found = listImages(release({ phase: 'Progressing', images }, { template }));
  expect(found.map(({ container, images: all }) => [container, ...all].join(' '))).toEqual(shown);
});
