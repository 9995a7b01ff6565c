import { beforeEach, describe, expect, it } from 'vitest';
import { FakeClock } from '../../../kube/testing/fake-clock.ts';
import { PacedSocket, type Wire } from './paced-socket.ts';

/** A reader that reads what it is told to read; a kernel, which takes everything at once, is between. */
class FakeReader implements Wire {
  readonly said: string[] = [];
  readonly frames: string[] = [];
  bufferedAmount = 0;
  answersPings = true;
  /** Pieces and pings, in their order. */
  #waiting: Array<{ readonly bytes: Uint8Array; readonly isLast: boolean } | { readonly ping: string }> = [];
  #frame = '';
  readonly #listeners = new Map<string, (content: Uint8Array) => void>();

  /** Bytes that are on their way. */
  get unread(): number {
    return this.#waiting.reduce((sum, item) => sum + ('bytes' in item ? item.bytes.length : 0), 0);
  }

  get largestPiece(): number {
    return Math.max(...this.#waiting.map((item) => ('bytes' in item ? item.bytes.length : 0)));
  }

  send(bytes: Uint8Array, { fin }: { readonly fin: boolean }): void {
    this.#waiting.push({ bytes, isLast: fin });
  }

  ping(content: string): void {
    this.#waiting.push({ ping: content });
    if (this.unread === 0) this.read(0);
  }

  close(code: number, reason: string): void {
    this.said.push(`${code} ${reason}`);
  }

  terminate(): void {
    this.said.push('terminated');
    this.#tell('close');
  }

  on(event: string, listener: (content: Uint8Array) => void): void {
    this.#listeners.set(event, listener);
  }

  /** So many pieces, and the pings behind them. */
  read(count: number): void {
    let left = count;
    while (left > 0 || (this.#waiting[0] !== undefined && 'ping' in this.#waiting[0])) {
      const item = this.#waiting.shift();
      if (item === undefined) return;
      if ('ping' in item) this.answer(item.ping);
      else {
        left -= 1;
        this.#frame += Buffer.from(item.bytes).toString('latin1');
        if (item.isLast) this.frames.push(this.#frame);
        if (item.isLast) this.#frame = '';
      }
    }
  }

  answer(content: string): void {
    if (this.answersPings) this.#tell('pong', content);
  }

  #tell(event: string, content = ''): void {
    this.#listeners.get(event)?.(Buffer.from(content));
  }
}

const piece = 32 * 1_024;
const frame = 'x'.repeat(3 * piece + 10);

let clock: FakeClock;
let reader: FakeReader;
let socket: PacedSocket;
let told: string[];

beforeEach(() => {
  [clock, reader, told] = [new FakeClock(), new FakeReader(), []];
  socket = new PacedSocket(reader, { clock, onLetGo: (reason) => told.push(reason) });
});

/** Sends until it is told not to; resolves with how many frames it was. */
async function sendAll(): Promise<number> {
  for (let sent = 1; ; sent += 1) if (!(await socket.sendText(frame, `after=${sent}`))) return sent;
}

describe('a reader that reads nothing', () => {
  it('is sent no more than it is to be given at a time, by whatever a kernel takes', async () => {
    const sending = sendAll();
    await clock.advance(29_000);
    expect(reader.unread).toBe(3 * frame.length);
    expect(reader.largestPiece).toBe(piece);
    await clock.advance(1_000);
    expect(await sending).toBe(3);
  });

  it('is let go with a reason and the place to go on from, has time to read that, and is gone then', async () => {
    const sending = sendAll();
    await clock.advance(30_000);
    await sending;
    const reason = 'nothing was read for 30 s: go on with after=3';
    expect(reader.said).toEqual([`1013 ${reason}`]);
    expect(told).toEqual([reason]);
    expect([socket.closed.aborted, socket.gone.aborted]).toEqual([true, false]);
    await clock.advance(299_000);
    expect(reader.said).toHaveLength(1);
    await clock.advance(1_000);
    expect(reader.said).toEqual([`1013 ${reason}`, 'terminated']);
    expect(socket.gone.aborted).toBe(true);
    expect(clock.pendingTimers).toBe(0);
  });

  it('is let go though there is little to read: it is asked', async () => {
    reader.answersPings = false;
    await Promise.all([socket.sendText('last', 'after=7'), clock.advance(50_000)]);
    expect(reader.said).toEqual(['1013 nothing was read for 30 s: go on with after=7']);
    expect(await socket.sendText('more', 'after=8')).toBe(false);
    await clock.advance(300_000);
    expect(reader.said.at(-1)).toBe('terminated');
  });

  it('is let go though it says that it reads what it was not sent', async () => {
    const sending = sendAll();
    for (let second = 0; second < 30; second += 1) {
      for (const content of ['', '-1', '0', '1e9', 'NaN', `${100 * frame.length}`]) reader.answer(content);
      await clock.advance(1_000);
    }
    expect(await sending).toBe(3);
    expect(told).toHaveLength(1);
  });

  it('is given no more where it answers what it has not read', async () => {
    reader.bufferedAmount = 256 * 1_024 + 1;
    const sending = socket.sendText(frame, 'after=1');
    reader.read(4);
    await clock.advance(60_000);
    reader.bufferedAmount = 0;
    reader.terminate();
    expect(await sending).toBe(false);
  });

  it('has less time to say goodbye where there is nothing before that', async () => {
    socket.close(1_013, 'streams are open already');
    await clock.advance(29_000);
    expect(reader.said).toEqual(['1013 streams are open already']);
    await clock.advance(1_000);
    expect(reader.said.at(-1)).toBe('terminated');
    expect(clock.pendingTimers).toBe(0);
  });

  it('is not kept waiting for where it closes by itself', async () => {
    reader.answersPings = false;
    await clock.advance(50_000);
    reader.terminate();
    await clock.advance(60_000);
    expect(reader.said.filter((word) => word === 'terminated')).toHaveLength(1);
  });
});

describe('a reader that is slow', () => {
  it('stays as long as it reads two pieces in the time that it has', async () => {
    const sending = sendAll();
    for (let read = 0; read < 20; read += 1) {
      await clock.advance(29_000);
      reader.read(2);
    }
    expect(reader.said).toEqual([]);
    expect(reader.frames).toEqual(Array.from({ length: 10 }, () => frame));
    await clock.advance(30_000);
    expect(await sending).toBeGreaterThan(10);
    expect(told).toHaveLength(1);
  });

  it('gets characters whole that lie between two pieces', async () => {
    const text = `${'x'.repeat(piece - 1)}ü${'€'.repeat(piece)}`;
    const sending = socket.sendText(text, 'after=1');
    reader.read(10);
    await sending;
    expect(Buffer.from(reader.frames[0] ?? '', 'latin1').toString()).toBe(text);
  });
});

describe('a reader that is quick', () => {
  it('stays for as long as it answers', async () => {
    await clock.advance(3_600_000);
    expect(await socket.sendText('hello', 'after=1')).toBe(true);
    expect(reader.said).toEqual([]);
  });
});
