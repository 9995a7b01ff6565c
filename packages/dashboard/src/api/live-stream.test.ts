import { expect, test } from 'vitest';
import { calculateBackoff } from './backoff.ts';
import { LiveStream, type SocketEvents, type StreamState } from './live-stream.ts';

/** A stream whose sockets and timers a test moves by hand. */
function createStream(options: { readonly quietMilliseconds?: number } = {}) {
  const sockets: { readonly path: string; readonly events: SocketEvents; isClosed: boolean }[] = [];
  const timers: { readonly milliseconds: number; readonly callback: () => void }[] = [];
  const seen = { frames: [] as unknown[], states: [] as StreamState[] };
  let after = 0;
  const stream = new LiveStream({
    ...options,
    clock: {
      now: () => 0,
      schedule(milliseconds, callback) {
        const timer = { milliseconds, callback };
        timers.push(timer);
        return () => void timers.splice(timers.indexOf(timer), 1);
      },
    },
    random: () => 1,
    path: () => `/stream?after=${after}`,
    open: (path, events) => {
      const socket = { path, events, isClosed: false };
      sockets.push(socket);
      return () => {
        socket.isClosed = true;
      };
    },
    onFrame: (frame) => {
      seen.frames.push(frame);
      after += 1;
    },
    onState: (state) => seen.states.push(state),
  });
  const socket = () => sockets.at(-1);
  return {
    stream,
    seen,
    sockets,
    timers,
    tell: (frame: unknown) => socket()?.events.onMessage(JSON.stringify(frame)),
    answer: () => socket()?.events.onOpen(),
    lose: (code: number) => socket()?.events.onClose(code, ''),
    tick: () => timers.splice(0).forEach(({ callback }) => callback()),
  };
}

test('a stream that breaks goes on from where it was', () => {
  const { stream, seen, sockets, tell, lose, tick } = createStream();
  stream.start();
  tell('one');
  lose(1006);
  expect(seen.states.at(-1)).toBe('waiting');
  tick();
  tell('two');
  expect(sockets.map(({ path }) => path)).toEqual(['/stream?after=0', '/stream?after=1']);
  expect(seen.frames).toEqual(['one', 'two']);
});

test('waits longer each time, up to ten seconds, and from the beginning after it was told something', () => {
  const { stream, timers, tell, lose, tick } = createStream();
  stream.start();
  const waited = Array.from({ length: 8 }, () => {
    lose(1006);
    const [timer] = timers;
    tick();
    return timer?.milliseconds;
  });
  expect(waited).toEqual([250, 500, 1_000, 2_000, 4_000, 8_000, 10_000, 10_000]);
  tell('one');
  lose(1001);
  expect(timers[0]?.milliseconds).toBe(250);
});

test('half of the wait is random', () => {
  expect([calculateBackoff(2, 0), calculateBackoff(2, 1)]).toEqual([500, 1_000]);
});

test.each([1000, 1008])('is over when the server ends it with %i', (code) => {
  const { stream, seen, timers, lose } = createStream();
  stream.start();
  lose(code);
  stream.hurry();
  expect({ last: seen.states.at(-1), timers }).toEqual({ last: 'ended', timers: [] });
});

test('is opened at once for who hurries, and by no timer then', () => {
  const { stream, sockets, timers, answer, lose } = createStream();
  stream.start();
  stream.hurry();
  expect(sockets).toHaveLength(1);
  lose(1006);
  stream.hurry();
  answer();
  expect({ opened: sockets.length, timers }).toEqual({ opened: 2, timers: [] });
});

test('is closed, and not opened again, once it is stopped', () => {
  const { stream, sockets, timers, lose } = createStream();
  stream.start();
  stream.stop();
  lose(1006);
  stream.hurry();
  expect({ isClosed: sockets[0]?.isClosed, opened: sockets.length, timers }).toEqual({
    isClosed: true,
    opened: 1,
    timers: [],
  });
});

test('that nobody answers is lost, and one on which nothing may happen is left alone once it is answered', () => {
  const { stream, seen, sockets, timers, answer, tick } = createStream();
  stream.start();
  expect(timers.map(({ milliseconds }) => milliseconds)).toEqual([10_000]);
  tick();
  expect({ last: seen.states.at(-1), isClosed: sockets[0]?.isClosed }).toEqual({ last: 'waiting', isClosed: true });
  tick();
  answer();
  expect({ last: seen.states.at(-1), timers }).toEqual({ last: 'open', timers: [] });
});

test('of which nothing is heard is opened again from where it was, and lost where nobody answers then', () => {
  const { stream, seen, sockets, timers, answer, tell, tick } = createStream({ quietMilliseconds: 30_000 });
  stream.start();
  answer();
  tell('one');
  expect(timers.map(({ milliseconds }) => milliseconds)).toEqual([30_000]);
  tick();
  expect(sockets.map(({ path, isClosed }) => ({ path, isClosed }))).toEqual([
    { path: '/stream?after=0', isClosed: true },
    { path: '/stream?after=1', isClosed: false },
  ]);
  answer();
  tick();
  expect(seen.states).not.toContain('waiting');
  expect(timers.map(({ milliseconds }) => milliseconds)).toEqual([10_000]);
  tick();
  expect({ last: seen.states.at(-1), isClosed: sockets.at(-1)?.isClosed }).toEqual({ last: 'waiting', isClosed: true });
  tick();
  answer();
  expect(seen.states.at(-1)).toBe('open');
  stream.stop();
  expect(timers).toEqual([]);
});
