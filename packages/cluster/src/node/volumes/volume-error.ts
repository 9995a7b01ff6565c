/** A volume cannot be set up now. `volume` is its name in the pod; the message says why. */
export class VolumeError extends Error {
  readonly volume: string;
  constructor(volume: string, message: string, options?: { cause?: unknown }) {
    super(message, options);
    this.name = 'VolumeError';
    this.volume = volume;
  }
}
