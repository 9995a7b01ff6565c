import { expect, test } from 'vitest';
import { Refresher } from './refresher.ts';

test('who asks while it reads gets one more read after it, and no two at once', async () => {
  const reads: PromiseWithResolvers<void>[] = [];
  const refresher = new Refresher(() => {
    const read = Promise.withResolvers<void>();
    reads.push(read);
    return read.promise;
  });
  refresher.ask();
  refresher.ask();
  refresher.ask();
  expect(reads).toHaveLength(1);
  reads[0]?.resolve();
  await reads[0]?.promise;
  await expect.poll(() => reads.length).toBe(2);
  reads[1]?.resolve();
  await reads[1]?.promise;
  refresher.ask();
  await expect.poll(() => reads.length).toBe(3);
  reads[2]?.resolve();
});
