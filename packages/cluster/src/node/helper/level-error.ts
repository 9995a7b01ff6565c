/** A level that was asked for cannot be had. Says in full sentences why, and what to do. */
export class LevelError extends Error {
  constructor(level: string, fault: string) {
    super(`Level "${level}" is not possible here: ${fault}\nStart without --level to use what is.`);
    this.name = 'LevelError';
  }
}
