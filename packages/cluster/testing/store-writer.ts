/**
 * Writes to a store as fast as it can until it is killed, and prints each acknowledged write: `<key> <revision> <value length>`.
 * On a full disk it says `unavailable` and goes on with the next write.
 * Arguments: the directory, a number that makes the keys of this run its own, how many of them each writer has, and how many
 * times as long as usual its values are.
 */
import { systemClock } from '@slipway/kube/platform/system-clock';
import { openStore } from '../src/store/open-store.ts';
import { StoreUnavailable } from '../src/store/store.ts';

const [directory = '', run = '', keys = '20', times = '1'] = process.argv.slice(2);
const store = await openStore({ directory, clock: systemClock });
process.stdout.write(`open ${store.revision}\n`);

async function writeForever(writer: number): Promise<void> {
  for (let round = 0; ; round++) {
    const key = `/test/items/${run}-${writer}/${round % Number(keys)}`;
    const current = store.get(key);
    const isDeletion = current !== undefined && round % 7 === 0;
    const text = 'x'.repeat(((round * 37) % 5_000) * Number(times));
    try {
      const revision = await store.write({
        key,
        expected: current?.revision ?? 0,
        encode: isDeletion ? undefined : (revision) => JSON.stringify({ revision, text }),
      });
      process.stdout.write(`${key} ${revision} ${isDeletion ? 'deleted' : text.length}\n`);
    } catch (error) {
      if (!(error instanceof StoreUnavailable)) throw error;
      process.stdout.write('unavailable\n');
    }
  }
}

await Promise.all(Array.from({ length: 16 }, (_, writer) => writeForever(writer)));
