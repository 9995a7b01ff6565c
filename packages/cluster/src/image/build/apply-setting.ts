import { constants } from 'node:os';
import { posix } from 'node:path';
import { errorAt } from '../build-error.ts';
import type { Instruction } from '../dockerfile/instructions.ts';
import { substitute } from '../dockerfile/substitute.ts';
import { parseAssignments, parseCommand, parseJsonWords, splitWords } from '../dockerfile/words.ts';
import type { ImageConfig } from '../image-store.ts';
import { variablesOf, type StageState } from './stage-state.ts';

/** Instructions that only change what the image says of itself. Undefined for the others. */
export function applySetting(state: StageState, instruction: Instruction): StageState | undefined {
  const { config } = state;
  const text = substitute(instruction.text, variablesOf(state), instruction);
  const change = (part: Partial<ImageConfig>): StageState => ({ ...state, config: { ...config, ...part } });
  switch (instruction.keyword) {
    case 'ENV':
      return change({ environment: { ...config.environment, ...parseAssignments(text, instruction) } });
    case 'LABEL':
      return change({ labels: { ...config.labels, ...parseAssignments(text, instruction) } });
    case 'EXPOSE':
      return change({ exposedPorts: [...config.exposedPorts, ...parsePorts(text, instruction)] });
    case 'VOLUME':
      return change({ volumes: [...config.volumes, ...(parseJsonWords(text) ?? splitWords(text, instruction))] });
    case 'USER':
      return change({ user: text });
    case 'STOPSIGNAL':
      return change({ stopSignal: parseSignal(text, instruction) });
    case 'MAINTAINER':
      return change({ labels: { ...config.labels, maintainer: text } });
    case 'WORKDIR':
      return change({ workingDirectory: posix.resolve(config.workingDirectory, text) });
    default:
      return applyCommand(state, instruction);
  }
}

const port = /^(\d{1,5})(?:-(\d{1,5}))?(?:\/(?:tcp|udp|sctp))?$/i;

/** `80 443/tcp 8000-8010/udp`. */
function parsePorts(text: string, instruction: Instruction): readonly string[] {
  const words = splitWords(text, instruction);
  for (const word of words) {
    const [, first, last = first] = port.exec(word) ?? [];
    const isPort = first !== undefined && Number(first) <= Number(last) && Number(last) <= 65_535;
    if (!isPort)
      throw errorAt(
        instruction,
        `"${word}" is no port; expected a number, or a range of them, such as 80, 443/tcp or 8000-8010`,
      );
  }
  return words;
}

/** `SIGQUIT`, `QUIT` or its number. */
function parseSignal(text: string, instruction: Instruction): string {
  const name = text.toUpperCase();
  const found = Object.entries(constants.signals).find(
    ([signal, number]) => signal === name || signal === `SIG${name}` || String(number) === name,
  );
  if (found === undefined)
    throw errorAt(instruction, `"${text}" is no signal; expected a name such as SIGQUIT, or a number`);
  return found[0];
}

/** Commands keep their `$NAME`: the shell of the container replaces them. */
function applyCommand(state: StageState, instruction: Instruction): StageState | undefined {
  const { config, shell } = state;
  const command = parseCommand(instruction.text);
  const words = command.form === 'exec' ? command.words : [...shell, command.line];
  switch (instruction.keyword) {
    case 'CMD':
      return { ...state, hasOwnCommand: true, config: { ...config, command: words } };
    case 'ENTRYPOINT':
      return { ...state, config: { ...config, entrypoint: words, command: state.hasOwnCommand ? config.command : [] } };
    case 'SHELL':
      if (command.form !== 'exec') throw errorAt(instruction, 'SHELL needs a JSON list, such as ["/bin/bash", "-c"]');
      return { ...state, shell: words };
    case 'HEALTHCHECK':
      // Kubernetes has probes of its own and ignores an image's.
      return state;
    default:
      return undefined;
  }
}
