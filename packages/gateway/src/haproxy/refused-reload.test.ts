import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { type IncomingMessage, request } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Clock } from '@slipway/kube/clock';
import { systemClock } from '@slipway/kube/platform/system-clock';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { noHaproxyReason, openHaproxy } from '../../testing/haproxy.ts';
import { eventually, World } from '../../testing/world.ts';

const minReloadMilliseconds = 7_000;

describe.skipIf(noHaproxyReason !== undefined)('a configuration that HAProxy refuses', () => {
  let directory: string;
  let world: World;
  /** Before reloads; what takes seconds is over at once, and time stands still. */
  let pauses: number[];
  const clock: Clock = {
    ...systemClock,
    monotonic: () => 0,
    schedule: (milliseconds, callback) => {
      if (milliseconds < minReloadMilliseconds) return systemClock.schedule(milliseconds, callback);
      pauses.push(milliseconds);
      return systemClock.schedule(0, callback);
    },
  };
  beforeEach(async () => {
    pauses = [];
    directory = mkdtempSync(join(tmpdir(), 'slipway-refusing-'));
    const program = join(directory, 'haproxy');
    // Checks are refused as long as there is a file that says so.
    writeFileSync(
      program,
      `#!/bin/sh
if [ "$1" = -c ] && [ -e ${directory}/refuse ]; then exit 1; fi
exec /usr/sbin/haproxy "$@"
`,
      { mode: 0o755 },
    );
    world = await new World(openHaproxy({ program, clock, minReloadMilliseconds })).start();
  });
  afterEach(async () => {
    await world.close();
    rmSync(directory, { recursive: true });
  });

  async function header(): Promise<string | undefined> {
    const sent = request({ host: '127.0.0.1', port: world.port, agent: false }).end();
    const [message]: [IncomingMessage] = await (once(sent, 'response') as Promise<[IncomingMessage]>);
    return message.resume().headers['x-turn']?.toString();
  }

  test('is tried less and less often, and what it was for is served meanwhile', async () => {
    const pod = await world.backend((_, outgoing) => outgoing.end('ok'));
    writeFileSync(join(directory, 'refuse'), '');
    await world.route([{ endpoints: [pod] }], { responseHeaders: new Map([['X-Turn', '1']]) });
    expect(await header()).toBe('1');
    await eventually(() => pauses.length >= 5);
    expect(pauses.slice(0, 5)).toEqual([2, 4, 8, 16, 32].map((times) => times * minReloadMilliseconds));
    rmSync(join(directory, 'refuse'));
    const reloads = (): number => world.plane.counters().find(({ name }) => name.includes('reloads'))?.value ?? 0;
    const before = reloads();
    await eventually(() => reloads() > before);
    expect(await header()).toBe('1');
  });
});
