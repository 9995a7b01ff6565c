import type { RawResponse } from '@slipway/kube/client';
import { StatusError } from '@slipway/kube/status-error';
import { beforeEach, describe, expect, it } from 'vitest';
import { FakeClock } from '../../../kube/testing/fake-clock.ts';
import { awaitServer, type AwaitServerOptions } from './await-server.ts';

type Answer = 'refused' | 'silent' | number;

const server = 'https://api.example:6443';
let clock: FakeClock;
let stopping: AbortController;
let said: string[];

beforeEach(() => {
  clock = new FakeClock();
  stopping = new AbortController();
  said = [];
});

/** Answers in turn, and then always as the last time. */
function start(...answers: readonly Answer[]): Promise<void> {
  let asked = 0;
  const request: AwaitServerOptions['connection']['client']['request'] = async () => {
    const answer = answers[Math.min(asked, answers.length - 1)] ?? 200;
    asked += 1;
    if (answer === 'silent') return new Promise<RawResponse>(() => undefined);
    if (answer === 'refused')
      throw new StatusError('ServiceUnavailable', `the API server at ${server} is away`, { cause: new Error('away') });
    return { status: answer, headers: {}, body: body(answer === 200 ? '{"gitVersion":"v1.32.0"}' : 'no') };
  };
  return awaitServer({
    connection: { client: { request }, server },
    clock,
    signal: stopping.signal,
    say: (sentence) => said.push(sentence),
  });
}

async function* body(text: string): AsyncIterable<Uint8Array> {
  yield Buffer.from(text);
}

describe('waiting for an API server', () => {
  it.each([200, 403, 404])('says nothing where it answers at once, with %d', async (code) => {
    await start(code);
    expect(said).toEqual([]);
    expect(clock.pendingTimers).toBe(0);
  });

  it('says once what cannot be reached, and when it can', async () => {
    const waiting = start('refused', 'refused', 503, 200);
    await clock.advance(10_000);
    await waiting;
    expect(said).toEqual([
      `The API server at ${server} is away; trying again until it answers.`,
      `The API server at ${server} answers with code 503 (no); trying again until it answers.`,
      `The API server at ${server} answers.`,
    ]);
  });

  it('says within a second that nothing comes', async () => {
    const waiting = start('silent', 200);
    await clock.advance(1_000);
    expect(said).toEqual([`The API server at ${server} has not answered yet; waiting for it.`]);
    await clock.advance(20_000);
    await waiting;
    expect(said[1]).toContain('cannot be reached: no answer within 10 s; trying again');
  });

  it.each<Answer>(['refused', 'silent'])('ends at once when it is asked to, where it is %s', async (answer) => {
    const ended = start(answer).catch((error: unknown) => error);
    await clock.advance(500);
    const reason = new Error('SIGTERM');
    stopping.abort(reason);
    expect(await ended).toBe(reason);
    expect(clock.pendingTimers).toBe(0);
  });

  it('does not wait for a server that does not know us', async () => {
    await expect(start(401)).rejects.toMatchObject({ reason: 'Unauthorized' });
  });
});
