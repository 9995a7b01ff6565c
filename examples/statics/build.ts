/** Makes `dist/` of `src/` with nothing but Node: types are stripped, and version and health are written into the build. */
import { mkdir, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { stripTypeScriptTypes } from 'node:module';
import { join } from 'node:path';

const version = process.env['VERSION'] ?? 'development';
const healthy = (process.env['HEALTHY'] ?? 'true') !== 'false';

const target = 'dist';
const source = 'src';

await rm(target, { recursive: true, force: true });
await mkdir(target);
for (const name of await readdir(source)) {
  if (!name.endsWith('.ts') || name.endsWith('.test.ts')) continue;
  const code = name === 'identity.ts' ? identity() : stripTypeScriptTypes(await readFile(join(source, name), 'utf8'));
  const withImports = code.replaceAll(/(from '\.\/[\w-]+)\.ts'/g, "$1.js'");
  await writeFile(join(target, name.replace(/\.ts$/, '.js')), withImports);
}
await writeFile(join(target, 'package.json'), '{ "type": "module" }\n');
process.stdout.write(`built statics ${version}${healthy ? '' : ', which says that it is not healthy'}\n`);

function identity(): string {
  return `export const version = ${JSON.stringify(version)};\nexport const healthy = ${healthy};\n`;
}
