/** The process that reads manifests: files as JSON by standard input, and what is in them by standard output. */
import { text } from 'node:stream/consumers';
import { parseManifests } from './parse-manifests.ts';

const files = JSON.parse(await text(process.stdin)) as ReadonlyArray<{
  readonly name: string;
  readonly content: string;
}>;
const parsed = parseManifests(files.map(({ name, content }) => ({ name, content: Buffer.from(content, 'base64') })));
process.stdout.write(JSON.stringify(parsed));
