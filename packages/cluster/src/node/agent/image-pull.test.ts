import { expect, it } from 'vitest';
import { machineImage } from '../runtimes/process/local-images.ts';
import type { ImageInfo } from '../runtime.ts';
import { pullImage } from './image-pull.ts';

const { isMachine: _, ...local } = machineImage.info;

async function said(info: ImageInfo): Promise<readonly string[]> {
  const events: string[] = [];
  const container = { name: 'web', image: 'web:1', command: ['web'], imagePullPolicy: 'Always' as const };
  await pullImage({ metadata: {} }, container, {
    runtime: { ensureImage: () => Promise.resolve(info) },
    events: { event: (__, { reason, message }) => events.push(`${reason}: ${message}`) },
  });
  return events;
}

it.each<[string, ImageInfo, readonly string[]]>([
  ['is here', local, ['Pulled: Container image "web:1" already present on machine']],
  [
    'is stood in for by the machine',
    machineImage.info,
    ['Pulled: Container image "web:1" not found: the command runs on the files of this machine'],
  ],
  [
    'comes from elsewhere',
    { ...local, sizeBytes: 7, pulledInMilliseconds: 1_500 },
    [
      'Pulling: Pulling image "web:1"',
      'Pulled: Successfully pulled image "web:1" in 1.5s (1.5s including waiting). Image size: 7 bytes.',
    ],
  ],
])('says of an image that it %s', async (___, info, events) => {
  expect(await said(info)).toEqual(events);
});
