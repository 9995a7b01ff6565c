import { existsSync, mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { silentLogger } from '@slipway/kube/logger';
import { systemClock } from '@slipway/kube/platform/system-clock';
import { HaproxyDataPlane, type HaproxyDataPlaneOptions } from '../src/haproxy/haproxy-data-plane.ts';

const program = '/usr/sbin/haproxy';

/** Why the real HAProxy cannot be tried here. */
export const noHaproxyReason: string | undefined = existsSync(program)
  ? undefined
  : `${program} is not installed (Debian: apt-get install haproxy)`;

/** The real HAProxy in a directory of its own, which goes when it closes. */
export function openHaproxy(options: Partial<HaproxyDataPlaneOptions> = {}): HaproxyDataPlane {
  return new HaproxyDataPlane({
    program,
    directory: options.directory ?? mkdtempSync(join(tmpdir(), 'slipway-haproxy-')),
    clock: systemClock,
    random: Math.random,
    logger: silentLogger,
    ...options,
  });
}
