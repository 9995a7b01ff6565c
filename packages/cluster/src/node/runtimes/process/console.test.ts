import { closeSync, openSync } from 'node:fs';
import { PassThrough } from 'node:stream';
import { describe, expect, it } from 'vitest';
import { FakeClock } from '../../../../../kube/testing/fake-clock.ts';
import { consoleOf, type Console } from './console.ts';

interface Opened {
  readonly console: Console;
  readonly clock: FakeClock;
  /** The program says something. */
  say(text: string): void;
  /** Attaches; what is heard from then on, and of before. */
  attach(): string[];
  end(): void;
}

function open({ hasInput }: { readonly hasInput: boolean }): Opened {
  const clock = new FakeClock();
  const [stdout, stderr] = [new PassThrough(), new PassThrough()];
  const descriptors = [0, 0, 0].map(() => openSync('/dev/null', 'r+'));
  const [ofOutput = 0, ofErrors = 0, ofInput = 0] = descriptors;
  const output = { stdout: { reader: stdout, writer: ofOutput }, stderr: { reader: stderr, writer: ofErrors } };
  const input = hasInput ? { writer: new PassThrough(), reader: ofInput } : undefined;
  const console = consoleOf(output, { onOutput: () => undefined, clock }, input);
  return {
    console,
    clock,
    say: (text) => void stdout.write(text),
    attach: () => {
      const heard: string[] = [];
      console.listen((_, chunk) => void heard.push(Buffer.from(chunk).toString()));
      return heard;
    },
    end: () => {
      console.close();
      for (const descriptor of descriptors) closeSync(descriptor);
    },
  };
}

const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

describe('who attaches to a program', () => {
  it('is told how it began, if he is the first and soon there', async () => {
    const { say, attach, end, clock } = open({ hasInput: true });
    say('hello');
    await turn();
    await clock.advance(59_999);
    const [first, second] = [attach(), attach()];
    say('later');
    await turn();
    expect([first, second]).toEqual([['hello', 'later'], ['later']]);
    expect(clock.pendingTimers).toBe(0);
    end();
  });

  it.each([
    ['comes later', { hasInput: true, waits: 60_000, length: 5 }],
    ['comes after much has been said', { hasInput: true, waits: 0, length: 70_000 }],
    ['cannot say anything to it', { hasInput: false, waits: 0, length: 5 }],
  ])('is told only what it says from then on, where he %s', async (_, { hasInput, waits, length }) => {
    const { say, attach, end, clock } = open({ hasInput });
    say('x'.repeat(length));
    await turn();
    await clock.advance(waits);
    const heard = attach();
    say('later');
    await turn();
    expect(heard).toEqual(['later']);
    end();
    expect(clock.pendingTimers).toBe(0);
  });

  it('leaves nothing behind that nobody attached to', () => {
    const { end, clock } = open({ hasInput: true });
    expect(clock.pendingTimers).toBe(1);
    end();
    expect(clock.pendingTimers).toBe(0);
  });
});
