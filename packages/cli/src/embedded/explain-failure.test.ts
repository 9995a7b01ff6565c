import { LevelError } from '@slipway/cluster/node/helper/level-error';
import { DamagedFileError } from '@slipway/cluster/pki/damaged-file-error';
import { ListenError } from '@slipway/gateway/listen';
import { describe, expect, it } from 'vitest';
import { CommandFailure } from '../failure.ts';
import { explainFailure } from './explain-failure.ts';
import { host, type ServerOptions } from './server-options.ts';

const options: ServerOptions = {
  dataDirectory: '/data',
  ephemeral: false,
  apiPort: 443,
  gatewayPort: 80,
  dataPlane: 'built-in',
  runtime: 'simulated',
  nodes: 1,
  level: 'auto',
  controller: true,
  deploymentServer: { port: 90, isPortNamed: true, allowPrivateTargets: false },
  mergeInto: undefined,
};

/** As Node reports it. */
function systemError(code: string, port: number): Error {
  return Object.assign(new Error(`listen ${code}: ${host}:${port}`), { code, port, syscall: 'listen', address: host });
}

describe('explainFailure', () => {
  it.each([
    {
      name: 'a port of the gateway that is for root alone',
      error: new ListenError({ host, port: 80 }, systemError('EACCES', 80)),
      said: /^Port 80 on 127\.0\.0\.1 is for root alone.* so the gateway cannot listen there\.\n.* --gateway-port N/,
    },
    {
      name: 'a port of the API server that is for root alone',
      error: systemError('EACCES', 443),
      said: /^Port 443 .* so the API server cannot listen there\.\n.* --api-port N .* start the cluster as root\.$/,
    },
    {
      name: 'a port of the deployment server',
      error: systemError('EADDRINUSE', 90),
      said: /^Port 90 .* so the deployment server cannot listen there\.\n.* --server-port N /,
    },
    {
      name: 'a port that is in use',
      error: new ListenError({ host, port: 80 }, systemError('EADDRINUSE', 80)),
      said: /^Port 80 on 127\.0\.0\.1 is in use.*\n.* --gateway-port N .* or stop what uses it\.$/,
    },
    {
      name: 'a disk that is full',
      error: Object.assign(new Error('ENOSPC: no space left on device, write'), { code: 'ENOSPC', syscall: 'write' }),
      said: /^The cluster cannot be started in \/data: the disk is full\.\nNothing that is stored was lost\. Make room there/,
    },
    {
      name: 'a file of keys that is damaged',
      error: new DamagedFileError({ file: '/data/pki/a', fault: 'it is not JSON', advice: 'it is made anew then' }),
      said: /^\/data\/pki\/a is damaged: it is not JSON\. Restore it from a copy, or delete it: it is made anew then\.$/,
    },
    {
      name: 'a level that cannot be had',
      error: new LevelError('root', 'this is an ordinary user.'),
      said: /^Level "root" is not possible here: this is an ordinary user\.\nStart without --level to use what is\.$/,
    },
  ])('says what to do about $name', ({ error, said }) => {
    const explained = explainFailure(error, options);
    expect(explained).toBeInstanceOf(CommandFailure);
    expect(explained).toMatchObject({ exitCode: 1, message: expect.stringMatching(said) });
  });

  it('leaves as it is what nobody expected', () => {
    const error = new TypeError('a fault of ours');
    expect(explainFailure(error, options)).toBe(error);
  });
});
