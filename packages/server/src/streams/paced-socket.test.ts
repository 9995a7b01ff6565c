import { beforeEach, describe, expect, it } from 'vitest';
import { FakeClock } from '../../../kube/testing/fake-clock.ts';
import { PacedSocket, type Wire } from './paced-socket.ts';

/** A reader that takes what it is told to take. */
class FakeReader implements Wire {
  readonly said: string[] = [];
  answersPings = true;
  readonly #waiting: Array<{ readonly frame: string; readonly onTaken: () => void }> = [];
  readonly #listeners = new Map<string, () => void>();

  get bufferedAmount(): number {
    return this.#waiting.reduce((sum, { frame }) => sum + frame.length, 0);
  }

  send(frame: string, onTaken: () => void): void {
    this.#waiting.push({ frame, onTaken });
  }

  ping(): void {
    if (this.answersPings) this.#tell('pong');
  }

  close(code: number, reason: string): void {
    this.said.push(`${code} ${reason}`);
  }

  terminate(): void {
    this.said.push('terminated');
    this.#tell('close');
  }

  on(event: string, listener: () => void): void {
    this.#listeners.set(event, listener);
  }

  /** So many frames. */
  read(count: number): void {
    for (const { onTaken } of this.#waiting.splice(0, count)) onTaken();
  }

  #tell(event: string): void {
    this.#listeners.get(event)?.();
  }
}

const frame = 'x'.repeat(100 * 1_024);

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
  it('is sent no more than it is to be given at a time', async () => {
    const sending = sendAll();
    await clock.advance(29_000);
    expect(reader.bufferedAmount).toBe(3 * frame.length);
    await clock.advance(1_000);
    expect(await sending).toBe(3);
  });

  it('is let go with a reason and the place to go on from, and is gone soon after', async () => {
    const sending = sendAll();
    await clock.advance(30_000);
    await sending;
    const reason = 'nothing was read for 30 s: go on with after=3';
    expect(reader.said).toEqual([`1013 ${reason}`]);
    expect(told).toEqual([reason]);
    await clock.advance(5_000);
    expect(reader.said).toEqual([`1013 ${reason}`, 'terminated']);
    expect(clock.pendingTimers).toBe(0);
  });

  it('is let go where it answers no ping, too', async () => {
    reader.answersPings = false;
    await Promise.all([socket.sendText('last', 'after=7'), clock.advance(40_000)]);
    expect(reader.said).toEqual(['1013 no ping was answered for 20 s: go on with after=7']);
    expect(await socket.sendText('more', 'after=8')).toBe(false);
    await clock.advance(5_000);
    expect(reader.said.at(-1)).toBe('terminated');
  });

  it('is not kept waiting for where it closes by itself', async () => {
    reader.answersPings = false;
    await clock.advance(40_000);
    reader.terminate();
    await clock.advance(60_000);
    expect(reader.said.filter((word) => word === 'terminated')).toHaveLength(1);
  });
});

describe('a reader that is slow', () => {
  it('stays as long as it takes something, though its answers come late', async () => {
    reader.answersPings = false;
    const sending = sendAll();
    for (let second = 0; second < 120; second += 10) {
      await clock.advance(10_000);
      reader.read(1);
    }
    expect(reader.said).toEqual([]);
    await clock.advance(60_000);
    expect(await sending).toBeGreaterThan(10);
  });
});

describe('a reader that is quick', () => {
  it('stays for as long as it answers', async () => {
    await clock.advance(3_600_000);
    expect(await socket.sendText('hello', 'after=1')).toBe(true);
    expect(reader.said).toEqual([]);
  });
});
