/** What can be said of the image of `slipway install` without Docker: that what it is made of is there. */
import { existsSync, globSync, readFileSync } from 'node:fs';
import { join, matchesGlob } from 'node:path';
import { expect, test } from 'vitest';
import { parseInstructions } from '../packages/cluster/src/image/dockerfile/instructions.ts';
import { parseCommand } from '../packages/cluster/src/image/dockerfile/words.ts';
import { controllerDeployment } from '../packages/delivery/src/install/controller-deployment.ts';
import { serverDeployment } from '../packages/delivery/src/install/server-deployment.ts';

const root = join(import.meta.dirname, '..');
const read = (path: string) => readFileSync(join(root, path), 'utf8');
const readJson = (path: string): Readonly<Record<string, object>> => JSON.parse(read(path)) as Record<string, object>;
const instructions = parseInstructions(read('deploy/Dockerfile'), 'Dockerfile');
const textsOf = (keyword: string) => instructions.filter((each) => each.keyword === keyword).map(({ text }) => text);

test('what it copies is there: of the checkout, or of a stage before', () => {
  const stages: string[] = [];
  const copies = instructions.flatMap(({ keyword, flags, text }) => {
    if (keyword === 'FROM') stages.push(text.split(/ as /i)[1] ?? '');
    if (keyword !== 'COPY' && keyword !== 'ADD') return [];
    const sources = text.split(' ').slice(0, -1);
    const { from } = flags;
    const isThere =
      from === undefined ? sources.every((path) => existsSync(join(root, path))) : stages.slice(0, -1).includes(from);
    return [[from, ...sources, isThere]];
  });
  expect(copies).toEqual([
    [undefined, '.', true],
    ['builder', '/out', true],
  ]);
});

test('what it builds by is not left out of what Docker is given, and is there', () => {
  const ignored = read('.dockerignore').trim().split('\n');
  const needed = [
    'package.json',
    'package-lock.json',
    'README.md',
    'LICENSE',
    'NOTICE',
    'examples',
    'scripts/build.ts',
  ];
  const sources = globSync('packages/*/{package.json,src/**/*.ts,src/**/*.json}', { cwd: root });
  expect(needed.filter((path) => !existsSync(join(root, path)))).toEqual([]);
  expect(sources.length).toBeGreaterThan(500);
  const isIgnored = (path: string): boolean =>
    path.split('/').some((_, index, parts) => {
      const part = parts.slice(0, index + 1).join('/');
      return ignored.some((pattern) => matchesGlob(part, pattern));
    });
  expect([...needed, ...sources].filter(isIgnored)).toEqual([]);
  const [run = ''] = textsOf('RUN');
  const { scripts = {} } = readJson('package.json');
  for (const [, script = ''] of run.matchAll(/npm run (\w+)/g)) expect(Object.keys(scripts)).toContain(script);
});

test('what it starts is what is packed, as the user and on the ports of the Deployments', () => {
  const { bin = {} } = readJson('packages/cli/package.json');
  const [entry = ''] = textsOf('ENTRYPOINT');
  expect(parseCommand(entry)).toMatchObject({ words: Object.keys(bin) });
  for (const path of Object.values(bin)) expect(existsSync(join(root, 'packages/cli', String(path)))).toBe(true);
  const deployments = [controllerDeployment({ image: 'slipway' }), serverDeployment({ image: 'slipway' })];
  const specs = deployments.flatMap(({ spec }) => spec?.template.spec ?? []);
  const users = specs.map(({ securityContext }) => `${securityContext?.runAsUser}:${securityContext?.runAsGroup}`);
  expect(new Set([...users, ...textsOf('USER')]).size).toBe(1);
  const ports = specs.flatMap(({ containers }) => containers[0]?.ports?.map(({ containerPort }) => `${containerPort}`));
  expect(textsOf('EXPOSE')).toEqual([ports.join(' ')]);
  // By which the server fetches commits.
  expect(textsOf('RUN').at(-1)).toMatch(/apt-get install .*\bgit\b/);
});
