#!/usr/bin/env node
// Plain JavaScript that any Node since 12 can parse: an old one must be able to say what is wrong with it.
import { existsSync } from 'node:fs';
import { homedir } from 'node:os';
import { isAbsolute, join } from 'node:path';
import { fileURLToPath } from 'node:url';
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

// The published package is compiled; a checkout runs its sources.
const compiled = new URL('../src/main.js', import.meta.url);
const entry = existsSync(fileURLToPath(compiled)) ? compiled : new URL('../src/main.ts', import.meta.url);

// Compiled code is kept by user: in a folder that all share, another could leave code for us to run.
const given = process.env.XDG_CACHE_HOME || '';
const caches = isAbsolute(given) ? given : join(homedir(), '.cache');
module.enableCompileCache(process.env.NODE_COMPILE_CACHE || join(caches, 'slipway', 'compiled'));
await import(entry.href);
