import { createSocket, type Socket as DatagramSocket } from 'node:dgram';
import { createServer, type Server, type Socket } from 'node:net';
import type { Logger } from '@slipway/kube/logger';
import { FrameReader, frame } from './frames.ts';
import {
  encodeAnswer,
  encodeQuestion,
  parseQuestion,
  readAddresses,
  readCode,
  recordTypes,
  responseCodes,
  truncate,
  type DnsRecord,
  type Question,
} from './message.ts';
import { resolve, type ZoneObjects } from './zone.ts';

export interface DnsServerOptions {
  readonly domain: string;
  readonly objects: ZoneObjects;
  /** Asks the resolvers of the machine; rejects when none of them answers. */
  readonly forward: (message: Buffer) => Promise<Buffer>;
  readonly logger: Logger;
}

const idleMilliseconds = 10_000;
const standardQuery = 0;

/** Answers pods: for names of the cluster from what the API has, for others as the machine would be answered. */
export class DnsServer {
  private readonly options: DnsServerOptions;
  private datagrams: DatagramSocket | undefined;
  private streams: Server | undefined;
  private turn = 0;

  constructor(options: DnsServerOptions) {
    this.options = options;
  }

  /** Resolves when it can be asked by UDP and TCP; rejects if it may not listen there. */
  async listen(address: string, port: number): Promise<void> {
    const datagrams = createSocket('udp4');
    const streams = createServer((socket) => this.serve(socket));
    this.datagrams = datagrams;
    this.streams = streams;
    datagrams.on('message', (message, { address: from, port: fromPort }) => {
      this.answer(message, (answer, question) => {
        const sent = answer.length > question.maximumBytes ? truncate(answer, question) : answer;
        // Who has gone meanwhile asks again, or nobody does.
        datagrams.send(sent, fromPort, from, () => {});
      });
    });
    await Promise.all([
      new Promise<void>((done, fail) => {
        datagrams.once('error', fail);
        datagrams.bind({ address, port, exclusive: true }, () => {
          datagrams.off('error', fail).on('error', () => {});
          done();
        });
      }),
      new Promise<void>((done, fail) => {
        streams.once('error', fail);
        streams.listen({ host: address, port, exclusive: true }, () => {
          streams.off('error', fail).on('error', () => {});
          done();
        });
      }),
    ]);
  }

  close(): void {
    this.datagrams?.close();
    this.streams?.close();
  }

  private serve(socket: Socket): void {
    const reader = new FrameReader();
    socket.setTimeout(idleMilliseconds, () => socket.destroy());
    socket.on('error', () => socket.destroy());
    socket.on('data', (chunk: Buffer) => {
      for (const message of reader.read(chunk)) {
        this.answer(message, (answer) => {
          if (!socket.destroyed) socket.write(frame(answer));
        });
      }
    });
  }

  private answer(message: Buffer, send: (answer: Buffer, question: Question) => void): void {
    const question = parseQuestion(message);
    if (question === undefined) return;
    const operation = ((message[2] ?? 0) >> 3) & 0xf;
    if (operation !== standardQuery) {
      send(encodeAnswer(message, question, { code: responseCodes.notImplemented, answers: [] }), question);
      return;
    }
    const found = resolve(question, this.options.domain, this.options.objects);
    if (found.kind === 'answer') {
      send(encodeAnswer(message, question, { ...found.answer, answers: this.inTurn(found.answer.answers) }), question);
      return;
    }
    const asked = found.kind === 'elsewhere' ? this.options.forward(message) : this.follow(message, question, found);
    asked.then(
      (answer) => send(answer, question),
      (error: unknown) => {
        this.options.logger.info('A name of elsewhere could not be looked up', { dnsName: question.name, error });
        send(encodeAnswer(message, question, { code: responseCodes.serverFailure, answers: [] }), question);
      },
    );
  }

  /** Clients that take the first address are spread over all of them. Many read what a name stands for before whose address it is. */
  private inTurn(records: readonly DnsRecord[]): readonly DnsRecord[] {
    const aliases = records.filter(({ type }) => type === 'CNAME');
    const others = records.filter(({ type }) => type !== 'CNAME');
    if (others.length < 2) return [...aliases, ...others];
    this.turn = (this.turn + 1) % others.length;
    return [...aliases, ...others.slice(this.turn), ...others.slice(0, this.turn)];
  }

  private async follow(
    message: Buffer,
    question: Question,
    { records, target }: Extract<ReturnType<typeof resolve>, { kind: 'alias' }>,
  ): Promise<Buffer> {
    const said = await this.options.forward(encodeQuestion(question.id, target, question.type));
    const addresses = question.type === recordTypes.A ? readAddresses(said) : [];
    const seconds = records.at(-1)?.seconds ?? 0;
    const found = addresses.map((address) => ({ name: target, seconds, type: 'A' as const, address }));
    return encodeAnswer(message, question, { code: readCode(said), answers: [...records, ...found] });
  }
}
