import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { createBases, deployFolder } from './deploy-base.ts';

test('the Kustomize bases are what slipway install installs; if not: node scripts/deploy-base.ts', async () => {
  const paths = ['base', 'server'].flatMap((folder) =>
    readdirSync(join(deployFolder, folder)).map((name) => `${folder}/${name}`),
  );
  const written = paths.map((path) => [path, readFileSync(join(deployFolder, path), 'utf8')] as const);
  expect(Object.fromEntries(written)).toEqual(Object.fromEntries(await createBases()));
});
