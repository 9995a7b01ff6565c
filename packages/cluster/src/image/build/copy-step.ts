import { chmod, cp, lstat, mkdir, readdir, realpath, stat } from 'node:fs/promises';
import { basename, dirname, join, posix, relative, resolve } from 'node:path';
import { FileView, isWithin } from '../../node/runtimes/process/file-view.ts';
import { errorAt } from '../build-error.ts';
import type { Instruction } from '../dockerfile/instructions.ts';
import { substitute } from '../dockerfile/substitute.ts';
import { parseJsonWords, splitWords } from '../dockerfile/words.ts';
import { expandSource } from './build-context.ts';
import type { IgnoreRules } from './ignore.ts';
import { variablesOf, type StageState } from './stage-state.ts';

export interface CopySource {
  /** Trees in which sources are looked for, the topmost first. */
  readonly trees: readonly string[];
  readonly ignore: IgnoreRules | undefined;
  /** For messages: `the build context "."`. */
  readonly description: string;
}

export interface CopiedFile {
  readonly tree: string;
  /** From the top of the tree, without symbolic links. */
  readonly path: string;
  /** As the instruction called it: what it is called in a directory it goes into. */
  readonly name: string;
}

export interface CopyStep {
  readonly files: readonly CopiedFile[];
  /** In the image, without symbolic links. */
  readonly target: string;
  /** Whether files go into the target instead of becoming it. */
  readonly intoDirectory: boolean;
  readonly mode: number | undefined;
  readonly ignore: IgnoreRules | undefined;
}

/** What COPY is to do, checked: nothing has been written yet. */
export async function planCopy(
  instruction: Instruction,
  given: { readonly state: StageState; readonly source: CopySource; readonly view: FileView },
): Promise<CopyStep> {
  const { state, source, view } = given;
  const text = substitute(instruction.text, variablesOf(state), instruction);
  const words = parseJsonWords(text) ?? splitWords(text, instruction);
  const [destination, ...reversed] = words.toReversed();
  if (destination === undefined || reversed.length === 0) {
    throw errorAt(instruction, `${instruction.keyword} needs a source and a destination`);
  }
  const files = (await Promise.all(reversed.toReversed().map((word) => findFiles(instruction, word, source)))).flat();
  const target = view.locate(posix.resolve(state.config.workingDirectory, destination));
  const isDirectory = destination.endsWith('/') || destination === '.' || target.stats?.isDirectory() === true;
  if (files.length > 1 && !isDirectory) {
    throw errorAt(instruction, `several files are copied to "${destination}": a destination for them must end with /`);
  }
  const mode = parseMode(instruction);
  return { files, target: target.path, intoDirectory: isDirectory, mode, ignore: source.ignore };
}

function parseMode(instruction: Instruction): number | undefined {
  const text = instruction.flags['chmod'];
  if (text === undefined) return undefined;
  if (!/^[0-7]{3,4}$/.test(text))
    throw errorAt(instruction, `--chmod=${text} is no mode; expected octal digits, such as 755`);
  return Number.parseInt(text, 8);
}

async function findFiles(instruction: Instruction, word: string, source: CopySource): Promise<CopyStep['files']> {
  if (/^[a-z+]+:\/\//i.test(word) || word.startsWith('git@')) {
    throw errorAt(instruction, `"${word}" is remote: only local files can be added; fetch it in a RUN step`);
  }
  if (isWithin(posix.normalize(word), '..')) {
    throw errorAt(instruction, `"${word}" lies outside ${source.description}`);
  }
  if (instruction.keyword === 'ADD' && /\.(?:tar|tgz|tbz2?|txz|tar\.(?:gz|bz2|xz))$/i.test(word)) {
    throw errorAt(instruction, `ADD does not unpack "${word}": COPY it and unpack it in a RUN step`);
  }
  for (const tree of source.trees) {
    const paths = await expandSource(tree, word, source.ignore);
    const found = await Promise.all(paths.map((path) => findFile(instruction, path, source)));
    const files = found.filter((file) => file !== undefined);
    if (files.length > 0) return files;
  }
  const hint = source.ignore === undefined ? '' : ' (or .dockerignore leaves it out)';
  throw errorAt(instruction, `"${word}" is not in ${source.description}${hint}`);
}

/** Follows symbolic links within the trees, as a container that has them as its root would. */
async function findFile(instruction: Instruction, path: string, source: CopySource): Promise<CopiedFile | undefined> {
  const view = new FileView({ mounts: [], layers: source.trees, onMachineRoot: false, hidden: [] });
  const { hostPath } = view.locate(path);
  const tree = source.trees.find((each) => hostPath !== undefined && isWithin(resolve(hostPath), resolve(each)));
  const leadsOut =
    hostPath === undefined || tree === undefined
      ? await isOnMachine(path, source)
      : !isWithin(await realpath(hostPath), await realpath(tree));
  if (leadsOut) {
    throw errorAt(instruction, `"${path}" leads out of ${source.description} through a symbolic link`);
  }
  if (hostPath === undefined || tree === undefined) return undefined;
  const resolved = relative(tree, hostPath);
  return source.ignore?.isIgnored(resolved) === true ? undefined : { tree, path: resolved, name: basename(path) };
}

/** Whether the machine finds something where the trees hold nothing. */
async function isOnMachine(path: string, { trees }: CopySource): Promise<boolean> {
  const found = await Promise.all(
    trees.map((tree) =>
      stat(join(tree, path)).then(
        () => true,
        () => false,
      ),
    ),
  );
  return found.includes(true);
}

/** Writes the files of a step below `layer`, which becomes a layer of the image. */
export async function carryOutCopy(step: CopyStep, layer: string): Promise<void> {
  for (const { tree, path, name } of step.files) {
    const from = join(tree, path);
    const isDirectory = (await stat(from)).isDirectory();
    const to = isDirectory || !step.intoDirectory ? step.target : posix.join(step.target, name);
    await copyTree({ from, to: join(layer, to), tree, ignore: step.ignore });
    if (step.mode !== undefined) await changeMode(join(layer, to), step.mode);
  }
}

async function copyTree(copy: {
  readonly from: string;
  readonly to: string;
  readonly tree: string;
  readonly ignore: IgnoreRules | undefined;
}): Promise<void> {
  await mkdir(dirname(copy.to), { recursive: true });
  await cp(copy.from, copy.to, {
    recursive: true,
    verbatimSymlinks: true,
    filter: (path) => copy.ignore?.isIgnored(relative(copy.tree, path)) !== true,
  });
}

async function changeMode(path: string, mode: number): Promise<void> {
  await chmod(path, mode);
  if ((await lstat(path)).isDirectory()) {
    for (const name of await readdir(path)) await changeMode(join(path, name), mode);
  }
}
