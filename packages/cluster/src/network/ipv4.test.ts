import { describe, expect, it } from 'vitest';
import { AddressPool } from './address-pool.ts';
import { addressAt, formatCidr, overlaps, parseAddress, parseCidr, type Cidr } from './ipv4.ts';
import { crossingsOf, freeBlocks, isInRange, rangesOfBlock, routedRanges } from './ranges.ts';

function cidr(text: string): Cidr {
  const parsed = parseCidr(text);
  expect(parsed).toBeDefined();
  return parsed ?? { base: 0, prefix: 0 };
}

describe('parseCidr', () => {
  it.each([
    { name: 'keeps a network', text: '10.77.0.0/16', expected: '10.77.0.0/16' },
    { name: 'cuts the host part off', text: '10.77.3.9/16', expected: '10.77.0.0/16' },
    { name: 'takes one address as a range of one', text: '255.255.255.255', expected: '255.255.255.255/32' },
  ])('$name', ({ text, expected }) => expect(formatCidr(cidr(text))).toBe(expected));

  it.each(['default', '10.0.0.0/33', '10.0.0/8', '256.0.0.1', '1.2.3.4/-1', ''])('refuses "%s"', (text) => {
    expect(parseCidr(text)).toBeUndefined();
  });
});

describe('ranges', () => {
  it.each([
    { one: '10.0.0.0/8', other: '10.77.0.0/16', expected: true },
    { one: '10.77.1.1/32', other: '10.77.0.0/16', expected: true },
    { one: '10.78.0.0/16', other: '10.77.0.0/16', expected: false },
  ])('$one overlaps $other: $expected', ({ one, other, expected }) => {
    expect(overlaps(cidr(one), cidr(other))).toBe(expected);
  });

  it('cuts pods, services and the link from one block without overlap', () => {
    const ranges = rangesOfBlock(cidr('10.77.0.0/16'));
    expect(ranges).toEqual({
      block: '10.77.0.0/16',
      pods: '10.77.0.0/17',
      services: '10.77.128.0/18',
      link: '10.77.255.252/30',
    });
  });

  it('offers only blocks that no route of the host touches, the seed first', () => {
    const vpn = [{ dst: '0.0.0.0/1' }, { dst: '128.0.0.0/1' }];
    const taken = routedRanges([{ dst: 'default' }, ...vpn, { dst: '10.20.0.0/14' }, { dst: '10.30.1.1' }, {}]);
    const offered = [...freeBlocks({ within: cidr('10.0.0.0/8'), taken, seed: 4 })].map(formatCidr);
    expect(offered[0]).toBe('10.24.0.0/16');
    expect(offered).not.toContain('10.30.0.0/16');
    expect(offered).not.toContain('10.15.0.0/16');
    expect(offered).toHaveLength(240 - 4 - 1);
  });

  it('offers nothing when a route takes the whole range', () => {
    expect([...freeBlocks({ within: cidr('10.0.0.0/8'), taken: [cidr('10.0.0.0/8')], seed: 0 })]).toEqual([]);
  });

  it('closes what clusters are made of, and nothing else that this machine has routes for', () => {
    const { closed, open } = crossingsOf([
      { dst: 'default', dev: 'eth0' },
      { dst: '0.0.0.0/1', dev: 'tun0' },
      { dst: '10.20.0.0/16', dev: 'eth0' },
      { type: 'local', dst: '10.20.0.5', dev: 'eth0', table: 'local' },
      { dst: '10.30.4.0/24', dev: 'slipway0' },
      { dst: '10.30.4.0/24', dev: 'slipway0', table: '7' },
      { dst: '10.64.0.0/10', dev: 'tun0' },
      { dst: '10.2.0.0/16', dev: 'docker0' },
      { dst: '10.77.0.0/16', dev: 'slip0123abcd' },
      { type: 'local', dst: '10.77.255.253', dev: 'slip0123abcd', table: 'local' },
    ]);
    expect(closed.map(formatCidr)).toEqual(['10.16.0.0/12', '10.32.0.0/11', '10.128.0.0/9']);
    expect(open.map(formatCidr)).toEqual(['10.20.0.0/16', '10.30.4.0/24']);
  });

  it('closes every block that a cluster may choose', () => {
    const { closed } = crossingsOf([]);
    for (const block of freeBlocks({ within: cidr('10.0.0.0/8'), taken: [], seed: 0 })) {
      expect(closed.some((range) => overlaps(range, block))).toBe(true);
    }
  });

  it('knows which addresses are its own', () => {
    expect(isInRange('10.77.128.0/18', '10.77.130.1')).toBe(true);
    expect(isInRange('10.77.128.0/18', 'None')).toBe(false);
  });
});

describe('AddressPool', () => {
  it('leaves out the reserved addresses and reuses one only after all others', () => {
    const pool = new AddressPool('10.77.0.0/29', 1);
    const first = pool.allocate();
    pool.release(first);
    const others = [pool.allocate(), pool.allocate(), pool.allocate(), pool.allocate()];
    expect([first, ...others]).toEqual([2, 3, 4, 5, 6].map((offset) => addressAt(cidr('10.77.0.0/29'), offset)));
    expect(pool.allocate()).toBe(first);
    expect(() => pool.allocate()).toThrow('all 5 pod addresses of this node are in use');
  });

  it('counts in unsigned numbers', () => {
    expect(parseAddress('255.0.0.1')).toBe(0xff000001);
  });
});
