import { fileURLToPath } from 'node:url';
import type { Volume, VolumeMount } from '@slipway/kube/api.generated';

const name = 'checkout';
const path = fileURLToPath(new URL('../../..', import.meta.url));

/** This checkout, for containers that run programs of it: wherever it lies, even where containers see nothing of the machine. */
export const checkoutVolume: Volume = { name, hostPath: { path, type: 'Directory' } };
export const checkoutMount: VolumeMount = { name, mountPath: path, readOnly: true };
