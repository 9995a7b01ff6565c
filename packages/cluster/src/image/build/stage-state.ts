import type { ImageConfig } from '../image-store.ts';

/** What a stage has become so far. */
export interface StageState {
  readonly config: ImageConfig;
  /** The lowest first. */
  readonly layers: readonly string[];
  readonly onMachineRoot: boolean;
  /** Values of ARG, which RUN sees and the image does not keep. */
  readonly buildArguments: Readonly<Record<string, string>>;
  readonly shell: readonly string[];
  /** Names everything that led here; equal keys give equal layers. */
  readonly key: string;
  /** Whether CMD was set in this stage: a new ENTRYPOINT drops one that was inherited. */
  readonly hasOwnCommand: boolean;
}

export const emptyConfig: ImageConfig = {
  entrypoint: [],
  command: [],
  environment: {},
  workingDirectory: '/',
  user: '',
  exposedPorts: [],
  volumes: [],
  labels: {},
  stopSignal: 'SIGTERM',
};

export const defaultShell: readonly string[] = ['/bin/sh', '-c'];

/** What `$NAME` means in an instruction: ENV before ARG. */
export function variablesOf({ buildArguments, config }: StageState): Readonly<Record<string, string>> {
  return { ...buildArguments, ...config.environment };
}
