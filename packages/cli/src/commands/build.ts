import { resolve } from 'node:path';
import { usageFailure } from '../failure.ts';
import { locateEmbedded, type EmbeddedOptions } from '../connection/embedded-context.ts';
import { buildInto } from '../embedded/build-into.ts';
import { print, printValue } from '../output/output.ts';
import type { GlobalOptions } from '../global-options.ts';

export interface BuildCommandOptions extends EmbeddedOptions, GlobalOptions {
  readonly tag: string;
  readonly file?: string;
  readonly buildArg: readonly string[];
  readonly target?: string;
}

export async function build(directory: string, options: BuildCommandOptions): Promise<void> {
  const image = await buildInto(await locateEmbedded(options, 'build'), {
    contextDirectory: resolve(directory),
    dockerfile: options.file === undefined ? undefined : resolve(options.file),
    tag: options.tag,
    buildArguments: parseArguments(options.buildArg),
    target: options.target,
    // Data on standard output are the result alone.
    output: options.output === undefined ? print : (line) => process.stderr.write(`${line}\n`),
  });
  if (options.output !== undefined) {
    await printValue({ tag: options.tag, id: image.id, sizeBytes: image.sizeBytes }, options.output);
    return;
  }
  print(`Built ${options.tag} (${image.id.slice(0, 19)}, ${(image.sizeBytes / 1e6).toFixed(1)} MB).`);
}

function parseArguments(pairs: readonly string[]): Readonly<Record<string, string>> {
  return Object.fromEntries(
    pairs.map((pair) => {
      const equals = pair.indexOf('=');
      if (equals < 1) throw usageFailure(`--build-arg ${pair}: expected NAME=VALUE, such as VERSION=v1`);
      return [pair.slice(0, equals), pair.slice(equals + 1)];
    }),
  );
}
