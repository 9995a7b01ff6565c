/** How long a connection on which nothing happens stays. */

/** So long a client may count on it. */
const promisedSeconds = 120;

export const promisedMilliseconds = promisedSeconds * 1_000;

/** Later than was promised: what a client sends at the last moment is on its way for a while. As much as `node:http` adds. */
export const idleMilliseconds = promisedMilliseconds + 1_000;

export const keepAliveLine = `keep-alive: timeout=${promisedSeconds}\r\n`;
