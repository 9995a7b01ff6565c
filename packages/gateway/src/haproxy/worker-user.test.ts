import { expect, test } from 'vitest';
import { parseWorkerUser } from './worker-user.ts';

const root = 'root:x:0:0:root:/root:/bin/bash\n';

test.for([
  ['the user that came with HAProxy', `${root}haproxy:x:102:105::/var/lib/haproxy:/usr/sbin/nologin\n`, [102, 105]],
  ['nobody where there is none', root, [65_534, 65_534]],
  ['nobody where it would be root', `${root}haproxy:x:0:0::/:/bin/sh\n`, [65_534, 65_534]],
  ['nobody where the file makes no sense', 'haproxy:x', [65_534, 65_534]],
] as const)('workers have the rights of %s', ([, passwd, [uid, gid]]) => {
  expect(parseWorkerUser(passwd)).toEqual({ uid, gid });
});
