import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { SecurityContext } from '@slipway/kube/api.generated';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { containerRequest } from '../../../../testing/runtime-lifecycle-contract.ts';
import { FileView } from './file-view.ts';
import { rightsOfUser } from './namespace-rights.ts';

let layer: string;

beforeEach(async () => {
  layer = await mkdtemp(join(tmpdir(), 'slipway-rights-'));
  await mkdir(join(layer, 'bin'));
});
afterEach(() => rm(layer, { recursive: true }));

function become(uid: number, gid: number, securityContext: SecurityContext): readonly string[] {
  const view = new FileView({ mounts: [], layers: [layer], onMachineRoot: false, hidden: [] });
  return rightsOfUser({ setpriv: '/bin/setpriv', unshare: '/bin/unshare' }, 1024).become({
    tty: false,
    request: { ...containerRequest('pod', 'main', { image: 'server', command: ['/server'] }), securityContext },
    root: { view, workingDirectory: '/' },
    user: { uid, gid, groups: [], home: '/' },
    command: ['/server'],
  });
}

describe('a container of level user', () => {
  it('is refused where its image lacks the program to be somebody else, and never becomes root instead', () => {
    expect(become(0, 0, {})).toEqual(['--', '/server']);
    for (const [uid, gid] of [
      [1000, 0],
      [0, 5],
    ] as const) {
      const asked = `the container cannot run as user ${uid} and group ${gid}`;
      expect(() => become(uid, gid, {})).toThrow(
        expect.objectContaining({ reason: 'CreateContainerConfigError', message: expect.stringContaining(asked) }),
      );
    }
  });

  it('has its capabilities bounded as root, whatever its group', async () => {
    for (const name of ['setpriv', 'unshare']) await writeFile(join(layer, 'bin', name), '');
    const drop = { capabilities: { drop: ['ALL'] } };
    const bound = ['/bin/setpriv', '--bounding-set=-all', '--', '/server'];
    const other = ['/bin/unshare', '--user', '--map-user=0', '--map-group=5', '--'];
    expect(become(0, 0, drop)).toEqual(['--', ...bound]);
    expect(become(0, 5, drop)).toEqual(['--', ...other, ...bound]);
    expect(become(7, 5, drop)).toEqual([
      '--',
      '/bin/unshare',
      '--user',
      '--map-user=7',
      '--map-group=5',
      '--',
      '/server',
    ]);
  });
});
