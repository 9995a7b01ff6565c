import { describe, expect, test } from 'vitest';
import { pagePaths } from '../../../server/src/pages/page-paths.ts';
import { formatPlace, parsePlace } from './routes.ts';

describe('a path of the dashboard', () => {
  test.each(pagePaths.map((path) => path.replace(':namespace', 'web').replace(':name', 'shop-1.2')))(
    'that the server answers is a place: %s',
    (path) => {
      const place = parsePlace(path);
      if (place.page === 'unknown') throw new Error(`${path} is not known`);
      expect(formatPlace(place)).toBe(path);
    },
  );
  test.each([
    '/nowhere',
    '/applications',
    '/applications/web',
    '/applications/web/shop/other',
    '/releases/a/b/edit',
    '/history/a',
    '/a/b/c/d/e',
  ])('leads nowhere: %s', (path) => {
    expect(parsePlace(path)).toEqual({ page: 'unknown' });
  });
  test('takes what stands in it as it was written', () => {
    expect(parsePlace('/releases/web/shop-1%2B2')).toEqual({ page: 'release', namespace: 'web', name: 'shop-1+2' });
    expect(parsePlace('/releases/web/%E0%A4%A')).toEqual({ page: 'release', namespace: 'web', name: '%E0%A4%A' });
  });
});
