import { formatReference, parseReference } from '../../../image/reference.ts';
import type { ImageStore, StoredImage } from '../../../image/image-store.ts';
import { ImageError } from '../../runtime.ts';
import type { ImageSource, LocalImage } from './isolation.ts';

/** What a container has that brings a command of its own and names no image of this machine. */
export const machineImage: LocalImage = {
  info: {
    id: `sha256:${'0'.repeat(64)}`,
    entrypoint: [],
    command: [],
    environment: {},
    workingDirectory: '/',
    user: '',
    sizeBytes: 0,
    isMachine: true,
  },
  layers: [],
  digests: [],
  onMachineRoot: true,
  stopSignal: 'SIGTERM',
};

/** Images that `slipway build` made. Nothing is pulled: the process runtime has no registry. */
export class LocalImages implements ImageSource {
  private readonly store: ImageStore;

  constructor(store: ImageStore) {
    this.store = store;
  }

  async find(name: string): Promise<LocalImage | undefined> {
    const reference = parseReference(name);
    if (reference === undefined) {
      throw new ImageError('InvalidImageName', `couldn't parse image name "${name}": invalid reference format`);
    }
    const image = await this.store.find(reference);
    return image === undefined ? undefined : this.describe(image);
  }

  private describe(image: StoredImage): LocalImage {
    const { id, config, sizeBytes, onMachineRoot } = image;
    const { entrypoint, command, environment, workingDirectory, user } = config;
    return {
      info: { id, entrypoint, command, environment, workingDirectory, user, sizeBytes },
      layers: image.layers.map((digest) => this.store.layerDirectory(digest)).toReversed(),
      digests: image.layers,
      onMachineRoot,
      stopSignal: config.stopSignal,
    };
  }
}

/** Names the image and says what to do, in one sentence that `kubectl describe` shows. */
export function imageNotFound(name: string): ImageError {
  const reference = parseReference(name);
  const full = reference === undefined ? name : formatReference(reference);
  return new ImageError(
    'ErrImagePull',
    `image "${full}" is not on this machine, and the process runtime pulls none: build it with "slipway build -t ${name} DIRECTORY", or give the container a command that this machine has`,
  );
}

export function imageNeverPulled(name: string): ImageError {
  return new ImageError('ErrImageNeverPull', `Container image "${name}" is not present with pull policy of Never`);
}
