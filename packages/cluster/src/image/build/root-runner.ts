import { cp, mkdir, mkdtemp, readdir, rename, rm, rmdir, statfs } from 'node:fs/promises';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { findExecutable } from '../../node/runtimes/process/executable.ts';
import { freshDirectories, readMachineRoot } from '../../node/runtimes/process/machine-root.ts';
import { nodeDirectory } from '../../node/runtimes/process/fresh-directories.ts';
import { createContainerRoot } from '../../node/runtimes/process/root-filesystem.ts';
import { requireTool, type Tools } from '../../node/runtimes/process/tools.ts';
import { resolveUser } from '../../node/runtimes/process/user.ts';
import { runProcess, type RunRequest, type StepRunner } from './run-step.ts';

/** As `statfs` reports it; an overlay cannot hold the upper side of another one. */
const overlayMagic = 0x794c7630;

/** The file system is moved into place as for a container; the network stays the machine's, to fetch packages. */
const script = `
( cd "$1" && "$2" -T fstab -a && cd root && "$2" --move . / || exit 125
  shift 2; exec "$@" )
exit "$?"
`;

/** RUN in namespaces of its own: what the command writes is what the overlays have caught. */
export function createRootRunner(given: {
  readonly tools: Tools;
  readonly nodeProgram: string;
  readonly searchPath: string;
}): StepRunner {
  return {
    level: 'root',
    async run(request) {
      const directory = await createScratch(request);
      try {
        await runProcess(describeStep(request, { ...given, directory }), request);
        const layer = await collectLayer(request, directory);
        return layer === undefined ? request.state.layers : [...request.state.layers, layer];
      } finally {
        await rm(directory, { recursive: true, force: true });
      }
    },
  };
}

const namespaces: readonly string[] = ['--mount', '--pid', '--ipc', '--uts'];

/** Beside the store, so that its files need not be copied; in memory where the store lies on an overlay itself. */
async function createScratch({ store }: RunRequest): Promise<string> {
  await mkdir(store.directory, { recursive: true, mode: 0o700 });
  const { type } = await statfs(store.directory);
  return type === overlayMagic ? mkdtemp('/dev/shm/slipway-build-') : store.createWorkDirectory();
}

function describeStep(
  { state, store, command, environment }: RunRequest,
  given: {
    readonly tools: Tools;
    readonly nodeProgram: string;
    readonly searchPath: string;
    readonly directory: string;
  },
) {
  const root = createContainerRoot({
    directory: given.directory,
    rights: 'root',
    machine: readMachineRoot(),
    layers: state.layers.map((digest) => store.layerDirectory(digest)).toReversed(),
    onMachineRoot: state.onMachineRoot,
    mounts: [],
    dataDirectory: store.directory,
    files: borrowedFiles(),
    workingDirectory: state.config.workingDirectory,
    nodeProgram: given.nodeProgram,
    privileged: true,
    readOnly: false,
  });
  const searchPath = `${nodeDirectory}:${environment['PATH'] ?? given.searchPath}`;
  const user = resolveUser(root.view, state.config.user);
  const [program = '', ...parameters] = command;
  const located = findExecutable(root.view, program, { searchPath, directory: root.workingDirectory });
  const mount = requireTool(given.tools, 'mount');
  const nsenter = requireTool(given.tools, 'nsenter');
  const enter = [nsenter, '--root=.', `--wd=.${root.workingDirectory}`, `--setuid=${user.uid}`, `--setgid=${user.gid}`];
  return {
    file: requireTool(given.tools, 'unshare'),
    parameters: [
      ...namespaces,
      '/bin/sh',
      '-c',
      script,
      'sh',
      given.directory,
      mount,
      ...enter,
      '--',
      located,
      ...parameters,
    ],
    environment: { HOME: user.home, ...environment, PATH: searchPath },
    directory: '/',
  };
}

const borrowedPaths = ['/etc/hosts', '/etc/resolv.conf'];

/** The machine's network is used, so are its names. */
function borrowedFiles(): Readonly<Record<string, string>> {
  return Object.fromEntries(borrowedPaths.map((path) => [path, readFileSync(path, 'utf8')]));
}

/** What the command changed, without what was put there for it. Undefined when it changed nothing. */
async function collectLayer({ store }: RunRequest, directory: string): Promise<string | undefined> {
  const upper = join(directory, 'upper');
  for (const path of borrowedPaths) await rm(join(upper, path), { force: true });
  for (const name of await readdir(upper)) await removeIfEmpty(join(upper, name));
  for (const entry of await readdir(join(directory, 'root'), { withFileTypes: true })) {
    const isOwn = !freshDirectories.includes(entry.name) && !(await isMountPoint(directory, entry.name));
    if (isOwn && !entry.isSymbolicLink()) await rename(join(directory, 'root', entry.name), join(upper, entry.name));
  }
  if ((await readdir(upper)).length === 0) {
    return undefined;
  }
  const layer = await store.createWorkDirectory();
  await rmdir(layer);
  await rename(upper, layer).catch(async (error: unknown) => {
    if (!(error instanceof Error && 'code' in error && error.code === 'EXDEV')) throw error;
    await cp(upper, layer, { recursive: true, verbatimSymlinks: true });
  });
  return store.addLayer(layer);
}

async function isMountPoint(directory: string, name: string): Promise<boolean> {
  return (await readdir(join(directory, 'work'))).includes(name);
}

async function removeIfEmpty(path: string): Promise<void> {
  try {
    await rmdir(path);
  } catch (error) {
    if (!(error instanceof Error && 'code' in error && error.code === 'ENOTEMPTY')) throw error;
  }
}
