/** A container cannot be made from its spec now: something that it refers to is missing or wrong. Shown as CreateContainerConfigError. */
export class ConfigError extends Error {
  constructor(message: string, options?: { cause?: unknown }) {
    super(message, options);
    this.name = 'ConfigError';
  }
}
