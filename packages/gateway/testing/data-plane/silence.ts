import type { ServerResponse } from 'node:http';
import { connect } from 'node:net';
import { expect, test } from 'vitest';
import { kernelTimers } from '../kernel-timers.ts';
import { eventually, readUntil } from '../world.ts';
import { get, type Setting } from './setting.ts';

/** Peers of which nothing is heard. */
export function describeSilence(setting: Setting): void {
  test.skipIf(process.platform !== 'linux')(
    'a silent client and pod are asked whether they are still there',
    async () => {
      let outgoing: ServerResponse | undefined;
      const pod = await setting.world.backend((_, given) => void (outgoing = given));
      await setting.world.route([{ endpoints: [pod] }]);
      const client = connect({ port: setting.world.port, host: '127.0.0.1' });
      client.write(get());
      await eventually(() => outgoing !== undefined);
      // A timer that sends something again may come first, and ends at once here.
      await eventually(() => kernelTimers({ local: setting.world.port })[0] === '02');
      await eventually(() => kernelTimers({ remote: pod.port })[0] === '02');
      const answer = readUntil(client, 'late');
      outgoing?.end('late');
      expect(await answer).toMatch(/^HTTP\/1\.1 200/);
      client.destroy();
    },
  );
}
