import type { MemoryVolumes } from '../../runtime.ts';
import { isWithin } from './file-view.ts';
import { runToEnd } from './run-to-end.ts';
import { requireTool, type Tools } from './tools.ts';

/** Volumes on a tmpfs each. They are seen by this process and its children only, and go with them. */
export class MemoryMounts implements MemoryVolumes {
  private readonly tools: Tools;
  private readonly mounted = new Set<string>();

  constructor(tools: Tools) {
    this.tools = tools;
  }

  async mount(path: string, sizeBytes: number | undefined): Promise<void> {
    if (this.mounted.has(path)) return;
    const size = sizeBytes === undefined ? [] : [`size=${sizeBytes}`];
    const options = ['nodev', 'nosuid', 'mode=0777', ...size].join(',');
    await runToEnd(requireTool(this.tools, 'mount'), ['-n', '-t', 'tmpfs', '-o', options, 'tmpfs', path]);
    this.mounted.add(path);
  }

  /** Whether it lies in one. */
  holds(path: string): boolean {
    return [...this.mounted].some((mounted) => isWithin(path, mounted));
  }

  async unmount(path: string): Promise<void> {
    if (!this.mounted.delete(path)) return;
    // Lazily: a process that was killed a moment ago may still hold a file of it.
    await runToEnd(requireTool(this.tools, 'umount'), ['-n', '--lazy', path]);
  }
}
