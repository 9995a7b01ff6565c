import { describe, expect, it } from 'vitest';
import { service } from './core.ts';

function warningsOf(spec: Readonly<Record<string, unknown>>): readonly string[] | undefined {
  const object = { apiVersion: 'v1', kind: 'Service', metadata: { name: 'web' }, spec };
  return service.warnings?.(object);
}

describe('Services', () => {
  it.each([
    {
      spec: { ports: [{ port: 53, protocol: 'SCTP' }] },
      warning: /^spec\.ports\[0\]\.protocol: SCTP is not forwarded/,
    },
  ])('warn of what is not carried out: $warning', ({ spec, warning }) => {
    expect(warningsOf(spec)).toEqual([expect.stringMatching(warning)]);
  });

  it.each([undefined, 0, ''])('lead to the port itself where the target is %j', (targetPort) => {
    const spec = { ports: [{ port: 80, targetPort }] };
    const object = { apiVersion: 'v1', kind: 'Service', metadata: { name: 'web' }, spec };
    expect(service.applyDefaults(object)).toMatchObject({ spec: { ports: [{ port: 80, targetPort: 80 }] } });
  });

  it('say nothing of TCP, UDP and the affinity of clients', () => {
    const ports = [
      { port: 80, protocol: 'TCP' },
      { port: 53, protocol: 'UDP' },
    ];
    expect(warningsOf({ ports, sessionAffinity: 'ClientIP' })).toEqual([]);
  });
});
