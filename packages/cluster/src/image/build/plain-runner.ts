import { cp, mkdir, rm, symlink } from 'node:fs/promises';
import { join } from 'node:path';
import { mapPath, mapPaths, mapSearchPath } from '../../node/runtimes/process/path-mapping.ts';
import { runProcess, type StepRunner } from './run-step.ts';

/**
 * RUN without any rights: the stage's files are copied into one directory, paths that lie in it are rewritten, and what
 * the command leaves there is the stage's only layer from then on.
 */
export function createPlainRunner(given: { readonly nodeProgram: string; readonly searchPath: string }): StepRunner {
  return {
    level: 'plain',
    async run(request) {
      const { state, store, command, environment } = request;
      const work = await store.createWorkDirectory();
      try {
        const tree = join(work, 'tree');
        const programs = join(work, 'bin');
        await Promise.all([mkdir(tree), mkdir(programs)]);
        await symlink(given.nodeProgram, join(programs, 'node'));
        await cp(await store.mergeLayers(state.layers), tree, { recursive: true, verbatimSymlinks: true });
        const paths = { mounts: [], imageDirectory: tree, claimsNewPaths: true };
        const directory = mapPath(state.config.workingDirectory, paths) ?? tree;
        const [file = '', ...parameters] = command.map((word) => mapPaths(word, paths));
        const mapped = Object.entries(environment).map(([name, value]) => [name, mapPaths(value, paths)]);
        const searchPath = `${programs}:${mapSearchPath(environment['PATH'] ?? given.searchPath, paths)}`;
        const step = { file, parameters, directory, environment: { ...Object.fromEntries(mapped), PATH: searchPath } };
        await runProcess(step, request);
        return [await store.addLayer(tree)];
      } finally {
        await rm(work, { recursive: true, force: true });
      }
    },
  };
}
