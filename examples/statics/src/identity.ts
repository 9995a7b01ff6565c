/** What this build says of itself. `build.ts` writes another file in its place. */
export const version = 'development';
export const healthy: boolean = true;
