import type { ImageSource } from '../src/node/runtimes/process/isolation.ts';

/** Whatever the name: nothing but the machine's own root. */
export const machineImage: ImageSource = {
  find: () =>
    Promise.resolve({
      info: {
        id: 'sha256:0',
        entrypoint: [],
        command: [],
        environment: {},
        workingDirectory: '/',
        user: '',
        sizeBytes: 0,
      },
      layers: [],
      onMachineRoot: true,
    }),
};
