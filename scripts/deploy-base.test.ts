import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { baseFolder, createBase } from './deploy-base.ts';

test('the Kustomize base is what slipway install installs; if not: node scripts/deploy-base.ts', async () => {
  const written = readdirSync(baseFolder).map((name) => [name, readFileSync(join(baseFolder, name), 'utf8')] as const);
  expect(Object.fromEntries(written)).toEqual(Object.fromEntries(await createBase()));
});
