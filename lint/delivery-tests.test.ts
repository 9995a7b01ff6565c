/** Every end-to-end test of delivery takes its cluster from a kubeconfig, and says which one it was. */
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';

const root = join(import.meta.dirname, '..');
const folder = join(root, 'test/e2e');

/** They meet Applications, and try something else: what that is. */
const others: Readonly<Record<string, string>> = {
  'kubectl.test.ts': 'the rules of kinds, by the embedded API server',
  'rbac.test.ts': 'the rights that the embedded API server enforces',
  'server-kill.test.ts': 'the deployment server',
  'server-rights.test.ts': 'the deployment server',
};

async function readTests(): Promise<ReadonlyMap<string, string>> {
  const names = (await readdir(folder)).filter((name) => name.endsWith('.test.ts'));
  return new Map(
    await Promise.all(names.map(async (name) => [name, await readFile(join(folder, name), 'utf8')] as const)),
  );
}

const isOfDelivery = (text: string): boolean => /@slipway\/delivery\/|slipway\.dev\/v1alpha1/.test(text);
const startsCluster = (text: string): boolean => /from '\.\/support\/slipway\.ts'|'up'/.test(text);
const takesCluster = (text: string): boolean => text.includes("from './support/delivery-cluster.ts'");

test('no test of delivery starts a cluster of its own', async () => {
  const tests = [...(await readTests())];
  const starting = tests.filter(([, text]) => startsCluster(text) && (isOfDelivery(text) || takesCluster(text)));
  expect(starting.map(([name]) => name)).toEqual(Object.keys(others));
});

test('the title of each test of delivery says which cluster it was', async () => {
  const taking = [...(await readTests())].filter(([, text]) => takesCluster(text));
  expect(
    taking.filter(([, text]) => !/describe[^(]*\([\s\S]{0,120}clusterTitle/.test(text)).map(([name]) => name),
  ).toEqual([]);
});

test('CONTRIBUTING.md says how all of them, and no others, are run against a cluster that is there', async () => {
  const page = await readFile(join(root, 'CONTRIBUTING.md'), 'utf8');
  const [, command = ''] =
    /SLIPWAY_TEST_KUBECONFIG=prod\.yaml npx vitest run --project e2e((?:.*\\\n)*.*)/.exec(page) ?? [];
  const words = command.split(/[\s\\]+/).filter((word) => word !== '');
  const tests = await readTests();
  const taking = [...tests].filter(([, text]) => takesCluster(text)).map(([name]) => name);
  expect([...tests.keys()].filter((name) => words.some((word) => name.includes(word)))).toEqual(taking);
});
