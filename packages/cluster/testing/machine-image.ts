import type { ImageSource } from '../src/node/runtimes/process/isolation.ts';
import { machineImage as image } from '../src/node/runtimes/process/local-images.ts';

/** Whatever the name: nothing but the machine's own root. */
export const machineImage: ImageSource = { find: () => Promise.resolve(image) };
