#!/usr/bin/env node
// Plain JavaScript that any Node since 12 can parse: an old one must be able to say what is wrong with it.
import { existsSync, readFileSync, statSync } from 'node:fs';
import { homedir } from 'node:os';
import { isAbsolute, join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import module from 'node:module';

const needed = [24, 12];
const [major, minor] = process.versions.node.split('.').map(Number);

if (major < needed[0] || (major === needed[0] && minor < needed[1])) {
  process.stderr.write(
    `slipway needs Node ${needed.join('.')} or newer and was started with Node ${process.versions.node} (${process.execPath}).\n` +
      'Start it through npm, which brings the right one along (npm start, npm run slipway -- ..., npx slipway ...),\n' +
      'or install a newer Node from https://nodejs.org.\n',
  );
  process.exit(2);
}

const here = fileURLToPath(new URL('..', import.meta.url));

// Compiled code is kept by user: in a folder that all share, another could leave code for us to run.
const given = process.env.XDG_CACHE_HOME || '';
const caches = isAbsolute(given) ? given : join(homedir(), '.cache');
module.enableCompileCache(process.env.NODE_COMPILE_CACHE || join(caches, 'slipway', 'compiled'));
// Not awaited: a Node from before 14.8 could not read this file.
void import(pathToFileURL(findEntry()).href);

// The published package is a bundle. A checkout runs its sources, and while a bundle is exactly of these, the bundle:
// reading one file takes less time than reading three hundred.
function findEntry() {
  const published = join(here, 'src', 'main.js');
  if (existsSync(published)) return published;
  const checkout = join(here, '..', '..');
  const built = join(checkout, 'dist', 'slipway', 'packages', 'cli', 'src', 'main.js');
  const inputs = readInputs(join(checkout, 'dist', 'inputs.json'));
  return inputs !== undefined &&
    existsSync(built) &&
    inputs.every(([path, state]) => isUnchanged(join(checkout, path), state))
    ? built
    : join(here, 'src', 'main.ts');
}

function readInputs(file) {
  try {
    return Object.entries(JSON.parse(readFileSync(file, 'utf8')));
  } catch (error) {
    if (error.code === 'ENOENT' || error instanceof SyntaxError) return undefined;
    throw error;
  }
}

function isUnchanged(file, [size, modified]) {
  const found = statSync(file, { throwIfNoEntry: false });
  return found !== undefined && found.size === size && found.mtimeMs === modified;
}
