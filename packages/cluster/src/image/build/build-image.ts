import { createHash } from 'node:crypto';
import { mkdir, readFile } from 'node:fs/promises';
import { join, relative } from 'node:path';
import { messageOf } from '@slipway/kube/message-of';
import { FileView } from '../../node/runtimes/process/file-view.ts';
import { freshDirectories } from '../../node/runtimes/process/machine-root.ts';
import { BuildError, errorAt } from '../build-error.ts';
import { parseInstructions, type Instruction } from '../dockerfile/instructions.ts';
import { groupStages, readArguments, type Dockerfile, type Stage } from '../dockerfile/stages.ts';
import { substitute } from '../dockerfile/substitute.ts';
import { parseCommand } from '../dockerfile/words.ts';
import type { ImageStore, StoredImage } from '../image-store.ts';
import { parseReference } from '../reference.ts';
import { digestOfSource, sizeOfTree } from '../tree-digest.ts';
import { applySetting } from './apply-setting.ts';
import { openContext, type BuildContext } from './build-context.ts';
import { carryOutCopy, planCopy, type CopySource } from './copy-step.ts';
import type { StepRunner } from './run-step.ts';
import { defaultShell, emptyConfig, variablesOf, type StageState } from './stage-state.ts';

export interface BuildOptions {
  readonly contextDirectory: string;
  /** Default: `Dockerfile` in the context. */
  readonly dockerfile?: string | undefined;
  /** `statics:v1`. */
  readonly tag: string;
  readonly buildArguments: Readonly<Record<string, string>>;
  /** Name or number of the stage to build; default: the last. */
  readonly target?: string | undefined;
  readonly output: (line: string) => void;
  readonly store: ImageStore;
  readonly runner: StepRunner;
  readonly signal: AbortSignal;
}

/** Carries out a Dockerfile on this machine. Rejects with a `BuildError` that names file and line; the store then is as it was. */
export async function buildImage(options: BuildOptions): Promise<StoredImage> {
  const reference = parseReference(options.tag);
  if (reference === undefined) {
    throw new BuildError(
      `"${options.tag}" is no name of an image; expected NAME:TAG in lower case, such as statics:v1`,
    );
  }
  const context = await openContext(options.contextDirectory);
  const dockerfile = await readDockerfile(options);
  const build = new ImageBuild({ ...options, context, dockerfile });
  const state = await build.stage(options.target ?? String(dockerfile.stages.length - 1));
  const { store } = options;
  const sizes = await Promise.all(state.layers.map((digest) => sizeOfTree(store.layerDirectory(digest))));
  const sizeBytes = sizes.reduce((sum, size) => sum + size, 0);
  const { config, layers, onMachineRoot } = state;
  return store.save({ config, layers, onMachineRoot, sizeBytes }, reference);
}

async function readDockerfile(options: BuildOptions): Promise<Dockerfile> {
  const path = options.dockerfile ?? join(options.contextDirectory, 'Dockerfile');
  const content = await readFile(path, 'utf8').catch((error: unknown) => {
    throw new BuildError(
      `there is no Dockerfile at "${path}": write one, or name another with --file, or build another directory`,
      { cause: error },
    );
  });
  const file = relative(options.contextDirectory, path);
  return groupStages(parseInstructions(content, file), { file, buildArguments: options.buildArguments });
}

interface BuildParts extends Omit<BuildOptions, 'dockerfile'> {
  readonly context: BuildContext;
  readonly dockerfile: Dockerfile;
}

/** Stages are built when another one needs them, once. */
class ImageBuild {
  private readonly parts: BuildParts;
  private readonly stages = new Map<Stage, Promise<StageState>>();

  constructor(parts: BuildParts) {
    this.parts = parts;
  }

  stage(name: string): Promise<StageState> {
    const stage = this.find(name, this.parts.dockerfile.stages.length);
    if (stage === undefined) {
      const names = this.parts.dockerfile.stages.map((known) => known.name).join(', ');
      throw new BuildError(`there is no stage "${name}" in ${this.parts.dockerfile.file}; it has ${names}`);
    }
    return this.build(stage);
  }

  /** Stages before number `before`, by name or number. */
  private find(name: string, before: number): Stage | undefined {
    const earlier = this.parts.dockerfile.stages.slice(0, before);
    return earlier.findLast((stage) => stage.name === name.toLowerCase()) ?? earlier[Number(name)];
  }

  private build(stage: Stage): Promise<StageState> {
    const building = this.stages.get(stage) ?? this.carryOut(stage);
    this.stages.set(stage, building);
    return building;
  }

  private async carryOut(stage: Stage): Promise<StageState> {
    const { output, signal } = this.parts;
    for (const note of stage.notes) output(`[${stage.name}] ${note}`);
    let state = await this.start(stage);
    for (const [index, instruction] of stage.instructions.entries()) {
      signal.throwIfAborted();
      output(`[${stage.name} ${index + 1}/${stage.instructions.length}] ${instruction.keyword} ${instruction.written}`);
      for (const note of instruction.notes) output(`  ${note}`);
      state = await this.step(state, instruction, stage);
    }
    return state;
  }

  /** From an earlier stage, an image that was built here, nothing, or this machine's own files. */
  private async start(stage: Stage): Promise<StageState> {
    const { dockerfile, output, store } = this.parts;
    const fresh = { config: emptyConfig, buildArguments: {}, shell: defaultShell, hasOwnCommand: false };
    const earlier = this.find(stage.base, dockerfile.stages.indexOf(stage));
    if (earlier !== undefined) {
      return { ...(await this.build(earlier)), buildArguments: {}, hasOwnCommand: false };
    }
    if (stage.base === 'scratch') {
      return { ...fresh, layers: [], onMachineRoot: false, key: 'scratch' };
    }
    const reference = parseReference(stage.base);
    if (reference === undefined) {
      throw errorAt(stage, `"${stage.base}" is no name of an image; expected NAME:TAG in lower case`);
    }
    const image = await store.find(reference);
    if (image !== undefined) {
      return {
        ...fresh,
        config: image.config,
        layers: image.layers,
        onMachineRoot: image.onMachineRoot,
        key: image.id,
      };
    }
    output(`[${stage.name}] ${stage.base} is not on this machine: the files of this machine stand in for it`);
    return { ...fresh, layers: [], onMachineRoot: true, key: 'machine' };
  }

  private step(state: StageState, instruction: Instruction, stage: Stage): Promise<StageState> | StageState {
    switch (instruction.keyword) {
      case 'ARG':
        return this.applyArgument(state, instruction);
      case 'COPY':
      case 'ADD':
        return this.copy(state, instruction, stage);
      case 'RUN':
        return this.run(state, instruction);
      case 'WORKDIR':
        return this.makeWorkingDirectory(applySetting(state, instruction) ?? state);
      default:
        return applySetting(state, instruction) ?? state;
    }
  }

  private applyArgument(state: StageState, instruction: Instruction): StageState {
    const { buildArguments, dockerfile } = this.parts;
    const known = { ...dockerfile.globalArguments, ...variablesOf(state) };
    const values = readArguments(instruction, { given: buildArguments, known });
    return { ...state, buildArguments: { ...state.buildArguments, ...values } };
  }

  private async copy(state: StageState, instruction: Instruction, stage: Stage): Promise<StageState> {
    const source = await this.sourceOf(state, instruction, stage);
    const step = await planCopy(instruction, { state, source, view: this.viewOf(state) });
    const contents = await Promise.all(step.files.map(({ tree, path }) => digestOfSource(join(tree, path))));
    const rules = await readFile(join(this.parts.context.directory, '.dockerignore'), 'utf8').catch(() => '');
    const key = keyOf([
      state.key,
      'COPY',
      step.target,
      step.intoDirectory,
      step.mode,
      rules,
      contents,
      step.files.map(({ path, name }) => [path, name]),
    ]);
    return this.addLayer(state, key, (layer) => carryOutCopy(step, layer));
  }

  private async sourceOf(state: StageState, instruction: Instruction, stage: Stage): Promise<CopySource> {
    const { context, dockerfile, store } = this.parts;
    const from = instruction.flags['from'];
    if (from === undefined) {
      const { directory, ignore } = context;
      return { trees: [directory], ignore, description: `the build context "${directory}"` };
    }
    const name = substitute(from, variablesOf(state), instruction);
    const earlier = this.find(name, dockerfile.stages.indexOf(stage));
    const reference = parseReference(name);
    const origin = earlier !== undefined ? await this.build(earlier) : reference && (await store.find(reference));
    if (origin === undefined) {
      throw errorAt(instruction, `"${name}" is neither an earlier stage nor an image that was built here`);
    }
    const merged = await store.mergeLayers(origin.layers);
    return { trees: origin.onMachineRoot ? [merged, '/'] : [merged], ignore: undefined, description: `"${name}"` };
  }

  private async run(state: StageState, instruction: Instruction): Promise<StageState> {
    const { runner, store, output, signal } = this.parts;
    const command = parseCommand(instruction.text);
    const words = command.form === 'exec' ? command.words : [...state.shell, command.line];
    const environment = variablesOf(state);
    const key = keyOf([
      state.key,
      'RUN',
      runner.level,
      words,
      environment,
      state.config.workingDirectory,
      state.config.user,
    ]);
    const cached = await store.findCachedLayers(key);
    if (cached !== undefined) {
      output('  unchanged: taken from an earlier build');
      return { ...state, key, layers: cached };
    }
    try {
      const layers = await runner.run({
        state,
        command: words,
        environment,
        store,
        output: (line) => output(`  ${line}`),
        signal,
      });
      await store.cacheLayers(key, layers);
      return { ...state, key, layers };
    } catch (error) {
      if (signal.aborted) throw error;
      throw errorAt(instruction, `RUN ${instruction.text}: ${messageOf(error)}`, error);
    }
  }

  private makeWorkingDirectory(state: StageState): Promise<StageState> | StageState {
    const { path, stats } = this.viewOf(state).locate(state.config.workingDirectory);
    if (stats !== undefined) {
      return state;
    }
    const key = keyOf([state.key, 'WORKDIR', path]);
    return this.addLayer(state, key, async (layer) => {
      await mkdir(join(layer, path), { recursive: true });
    });
  }

  private async addLayer(state: StageState, key: string, write: (layer: string) => Promise<void>): Promise<StageState> {
    const { store } = this.parts;
    const cached = await store.findCachedLayers(key);
    if (cached !== undefined) {
      return { ...state, key, layers: cached };
    }
    const layer = await store.createWorkDirectory();
    await write(layer);
    const layers = [...state.layers, await store.addLayer(layer)];
    await store.cacheLayers(key, layers);
    return { ...state, key, layers };
  }

  private viewOf({ layers, onMachineRoot }: StageState): FileView {
    const directories = layers.map((digest) => this.parts.store.layerDirectory(digest)).toReversed();
    return new FileView({
      mounts: [],
      layers: directories,
      onMachineRoot,
      hidden: freshDirectories.map((name) => `/${name}`),
    });
  }
}

function keyOf(parts: readonly unknown[]): string {
  return createHash('sha256').update(JSON.stringify(parts)).digest('hex');
}
