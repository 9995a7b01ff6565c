import { spawn } from 'node:child_process';

interface Surroundings {
  readonly platform: NodeJS.Platform;
  readonly environment: Readonly<Record<string, string | undefined>>;
  /** Whether somebody looks at what is printed. */
  readonly isTerminal: boolean;
}

/** What opens an address in a browser here; undefined where nobody would see it. */
export function browserCommand({ platform, environment, isTerminal }: Surroundings): string | undefined {
  if (!isTerminal) return undefined;
  if (platform === 'darwin') return 'open';
  const hasScreen = [environment['DISPLAY'], environment['WAYLAND_DISPLAY']].some((name) => (name ?? '') !== '');
  return hasScreen ? 'xdg-open' : undefined;
}

/** Whether it took the address; it goes on by itself. */
export function openBrowser(command: string, url: string): Promise<boolean> {
  return new Promise((resolve) => {
    const child = spawn(command, [url], { detached: true, stdio: 'ignore' });
    child.once('error', () => resolve(false));
    child.once('exit', (code) => resolve(code === 0));
    child.unref();
  });
}
