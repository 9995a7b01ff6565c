import type { Container, Pod } from '@slipway/kube/api.generated';
import { ImageError, type ImageInfo, type Runtime } from '../runtime.ts';
import { formatGoDuration } from './back-off.ts';
import type { PodEvents } from './pod-events.ts';

/** Finds a container's image and says so in the kubelet's events. Rejects with the runtime's `ImageError`. */
export async function pullImage(
  pod: Pod,
  container: Container,
  { runtime, events }: { readonly runtime: Pick<Runtime, 'ensureImage'>; readonly events: PodEvents },
): Promise<ImageInfo> {
  const image = container.image ?? '';
  const say = (type: 'Normal' | 'Warning', reason: string, message: string): void =>
    events.event(pod, { type, reason, message, container: container.name });
  try {
    const use = { hasCommand: (container.command ?? []).length > 0, firstArgument: container.args?.[0] };
    const info = await runtime.ensureImage(image, container.imagePullPolicy ?? 'IfNotPresent', use);
    if (info.isMachine === true) {
      say('Normal', 'Pulled', `Container image "${image}" not found: the command runs on the files of this machine`);
      return info;
    }
    const took = info.pulledInMilliseconds;
    if (took === undefined) {
      say('Normal', 'Pulled', `Container image "${image}" already present on machine`);
      return info;
    }
    const time = formatGoDuration(took);
    say('Normal', 'Pulling', `Pulling image "${image}"`);
    say(
      'Normal',
      'Pulled',
      `Successfully pulled image "${image}" in ${time} (${time} including waiting). Image size: ${info.sizeBytes} bytes.`,
    );
    return info;
  } catch (error) {
    if (error instanceof ImageError) reportFailure(image, error, say);
    throw error;
  }
}

function reportFailure(
  image: string,
  error: ImageError,
  say: (type: 'Normal' | 'Warning', reason: string, message: string) => void,
): void {
  switch (error.reason) {
    case 'ErrImagePull':
      say('Normal', 'Pulling', `Pulling image "${image}"`);
      say('Warning', 'Failed', `Failed to pull image "${image}": ${error.message}`);
      break;
    case 'ErrImageNeverPull':
      say('Warning', 'ErrImageNeverPull', `Container image "${image}" is not present with pull policy of Never`);
      break;
    case 'InvalidImageName':
      say('Warning', 'InspectFailed', `Failed to apply default image tag "${image}": ${error.message}`);
      break;
  }
  say('Warning', 'Failed', `Error: ${error.reason}`);
}
