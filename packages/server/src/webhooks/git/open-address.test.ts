import { describe, expect, it } from 'vitest';
import { openAddress } from './open-address.ts';

const leadsTo =
  (...addresses: readonly string[]) =>
  async () =>
    addresses;

describe('a repository', () => {
  it.each([
    'https://127.0.0.1/a.git',
    'https://127.1/a.git',
    'https://0x7f000001/a.git',
    'https://2130706433/a.git',
    'https://0/a.git',
    'https://10.0.0.1/a.git',
    'https://172.16.0.1/a.git',
    'https://192.168.1.1/a.git',
    'https://100.64.0.1/a.git',
    'https://169.254.169.254/a.git',
    'https://[::1]/a.git',
    'https://[::]/a.git',
    'https://[::ffff:127.0.0.1]/a.git',
    'https://[::ffff:10.0.0.1]/a.git',
    'https://[64:ff9b::a00:1]/a.git',
    'https://[2002:7f00:1::]/a.git',
    'https://[fd00::1]/a.git',
    'https://[fe80::1]/a.git',
  ])('is not asked in a private network: %s', async (repository) => {
    await expect(openAddress(repository, [])).rejects.toMatchObject({ name: 'Problem', status: 422 });
  });

  it('is not asked where one of its addresses is private', async () => {
    const mixed = leadsTo('203.0.113.7', '127.0.0.1');
    await expect(openAddress('https://git.example.org/a.git', [], mixed)).rejects.toThrow(
      'git.example.org (127.0.0.1)',
    );
  });

  it('is asked at the address that was looked at, wherever the name leads afterwards', async () => {
    expect(await openAddress('https://git.example.org/a.git', [], leadsTo('203.0.113.7'))).toEqual({
      url: 'https://git.example.org/a.git',
      resolved: 'git.example.org:443:203.0.113.7',
    });
    expect(await openAddress('https://git.example.org:8443/a.git', [], leadsTo('2001:db8::7'))).toMatchObject({
      resolved: 'git.example.org:8443:[2001:db8::7]',
    });
  });

  it('is asked in a private network that is named, and in no other', async () => {
    expect(await openAddress('https://10.1.2.3/a.git', ['10.1.0.0/16'])).toMatchObject({ resolved: undefined });
    await expect(openAddress('https://10.2.2.3/a.git', ['10.1.0.0/16'])).rejects.toThrow('allowAddresses');
    expect(await openAddress('http://[fd00::7]/a.git', ['fd00::/8'])).toMatchObject({ url: 'http://[fd00::7]/a.git' });
  });

  it('is asked without encryption in a network that is named alone', async () => {
    await expect(openAddress('http://git.example.org/a.git', ['10.0.0.0/8'], leadsTo('203.0.113.7'))).rejects.toThrow(
      'without encryption',
    );
  });

  it('is asked later where its name leads nowhere', async () => {
    await expect(openAddress('https://git.example.org/a.git', [], leadsTo())).rejects.toMatchObject({
      name: 'TryLater',
    });
  });
});
