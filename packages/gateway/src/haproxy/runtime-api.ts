import { connect } from 'node:net';
import type { CertificateCommand } from './certificate-commands.ts';
import { type RuntimeCommand, type RuntimeRequest, formatCommand, formatServer } from './runtime-commands.ts';
import type { MapName, NewServer } from './runtime-state.ts';

/** HAProxy reads a line, or a block, of less than its buffer of 16 KiB. */
const maxRequestBytes = 8_000;
const maxAnswerBytes = 64 * 1024 * 1024;
const answerTimeoutMilliseconds = 10_000;

/** What HAProxy says about something that went well. */
const good = /^(?:|New server registered\.|Server deleted\.|New version created: \d+)$/;

const goodAboutCertificates =
  /^(?:New empty certificate store|Transaction (?:created|updated)|(?:.*\n)*Success!|(?:Entry|Certificate) .* deleted)/;

/** HAProxy refused a command, or is not there. */
export class RuntimeApiError extends Error {
  override readonly name = 'RuntimeApiError';
}

/** The Runtime API of one worker: one connection for each request, which ends with the answer. */
export class RuntimeApi {
  readonly #socketPath: string;
  readonly #mapPath: (map: MapName) => string;

  constructor(socketPath: string, mapPath: (map: MapName) => string) {
    this.#socketPath = socketPath;
    this.#mapPath = mapPath;
  }

  /** Rejects with `RuntimeApiError` at the first command that is refused; those before it have been carried out. */
  async run(commands: readonly RuntimeCommand[]): Promise<void> {
    for (const request of joinLines(commands.map((command) => formatCommand(command, this.#mapPath)))) {
      await this.#carryOut(request);
    }
  }

  /** To these backends, where it takes nothing yet. */
  async addServer(backends: readonly string[], name: string, server: NewServer): Promise<void> {
    await this.#carryOut({ kind: 'lines', lines: formatServer(backends, name, server) });
  }

  /** Rejects with `RuntimeApiError` at the first one that is refused; what the worker then has of its host is unknown. */
  async changeCertificates(commands: readonly CertificateCommand[]): Promise<void> {
    for (const { line, block, host } of commands) {
      const answer = await this.ask(block === undefined ? line : `${line} <<\n${block}\n`);
      if (goodAboutCertificates.test(answer)) continue;
      const refusal = answer.trim().split('\n').join(' ').slice(0, 200);
      throw new RuntimeApiError(`HAProxy refused "${line}", for the certificate of ${host}: ${refusal}`);
    }
  }

  /** The answer to a question, as it came. */
  ask(question: string): Promise<string> {
    return askHaproxy(this.#socketPath, question);
  }

  async #carryOut(request: RuntimeRequest): Promise<void> {
    switch (request.kind) {
      case 'lines':
        for (const text of packLines(request.lines, ';')) await this.#expectGood(text);
        break;
      case 'payload':
        await this.#send(request.line, request.payload);
        break;
      case 'replace': {
        const created = await this.#expectGood(`prepare map ${request.map}`);
        const version = /created: (\d+)/.exec(created)?.[1];
        if (version === undefined)
          throw new RuntimeApiError(`"prepare map ${request.map}" gave no version: ${created}`);
        await this.#send(`add map @${version} ${request.map}`, request.payload);
        await this.#expectGood(`commit map @${version} ${request.map}`);
        break;
      }
    }
  }

  async #send(line: string, payload: readonly string[]): Promise<void> {
    for (const block of packLines(payload, '\n')) await this.#expectGood(`${line} <<\n${block}\n`);
  }

  async #expectGood(text: string): Promise<string> {
    const answer = await this.ask(text);
    const refused = answer.split('\n').find((line) => !good.test(line.trim()));
    if (refused !== undefined) throw new RuntimeApiError(`HAProxy refused "${text.slice(0, 200)}": ${refused}`);
    return answer;
  }
}

/** Consecutive lines travel together. */
function joinLines(requests: readonly RuntimeRequest[]): RuntimeRequest[] {
  const joined: RuntimeRequest[] = [];
  for (const request of requests) {
    const last = joined.at(-1);
    if (request.kind === 'lines' && last?.kind === 'lines')
      joined[joined.length - 1] = { kind: 'lines', lines: last.lines.concat(request.lines) };
    else joined.push(request);
  }
  return joined;
}

function packLines(lines: readonly string[], separator: string): string[] {
  const packs: string[] = [];
  let pack = '';
  for (const line of lines) {
    if (pack !== '' && pack.length + line.length >= maxRequestBytes) {
      packs.push(pack);
      pack = '';
    }
    pack = pack === '' ? line : `${pack}${separator}${line}`;
  }
  return pack === '' ? packs : [...packs, pack];
}

/** One question to a socket of HAProxy's, and all that it answers: a line at least, or it has ended in the middle of it. */
export function askHaproxy(socketPath: string, question: string): Promise<string> {
  return new Promise((resolve, reject) => {
    const socket = connect(socketPath);
    const pieces: Buffer[] = [];
    let length = 0;
    socket.setTimeout(answerTimeoutMilliseconds, () => socket.destroy(new Error('it did not answer in time')));
    socket.on('data', (piece) => {
      pieces.push(piece);
      length += piece.length;
      if (length > maxAnswerBytes) socket.destroy(new Error('its answer has no end'));
    });
    socket.on('error', (cause) => reject(new RuntimeApiError(`HAProxy at ${socketPath}: ${cause.message}`, { cause })));
    socket.on('end', () => {
      const answer = Buffer.concat(pieces).toString('latin1');
      if (answer.endsWith('\n')) resolve(answer);
      else
        reject(
          new RuntimeApiError(`HAProxy at ${socketPath} ended before it had answered "${question.slice(0, 200)}"`),
        );
    });
    socket.end(`${question}\n`);
  });
}
