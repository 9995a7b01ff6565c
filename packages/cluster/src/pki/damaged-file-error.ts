/** A file of keys that somebody or some disk has changed. It is left as it is: to make it anew is not for us to decide. */
export class DamagedFileError extends Error {
  /** `fault`: what is wrong with it; `advice`: what becomes of it if it is deleted. */
  constructor(
    { file, fault, advice }: { readonly file: string; readonly fault: string; readonly advice: string },
    options?: ErrorOptions,
  ) {
    super(`${file} is damaged: ${fault}. Restore it from a copy, or delete it: ${advice}`, options);
    this.name = 'DamagedFileError';
  }
}
