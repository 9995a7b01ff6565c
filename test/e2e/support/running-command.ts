import { spawn } from 'node:child_process';
import { once } from 'node:events';

/** From the first words of a command that goes on, with them. Rejects with its reason where it ends before. */
export async function whileRunning<T>(
  [program, ...words]: readonly [string, ...(readonly string[])],
  act: (said: string) => Promise<T>,
): Promise<T> {
  const child = spawn(program, words, { stdio: ['ignore', 'pipe', 'pipe'] });
  const complaints: Buffer[] = [];
  child.stderr.on('data', (complaint: Buffer) => complaints.push(complaint));
  const ended = once(child, 'close');
  try {
    const said = await Promise.race([
      once(child.stdout, 'data').then(([first]) => String(first)),
      ended.then(([code]) => {
        throw new Error(`${program} ${words.join(' ')} ended with ${code}: ${Buffer.concat(complaints).toString()}`);
      }),
    ]);
    return await act(said);
  } finally {
    child.kill();
    await ended;
  }
}
