import { describe, expect, it } from 'vitest';
import { describeEventType, describeFilter, events, readChannel } from './channel-form.ts';

function filled(fields: Readonly<Record<string, string | readonly string[]>>): FormData {
  const data = new FormData();
  for (const [name, value] of Object.entries(fields))
    for (const each of typeof value === 'string' ? [value] : value) data.append(name, each);
  return data;
}

describe('a channel', () => {
  it.each([
    {
      name: 'has an address that is secret',
      fields: { name: 'team', type: 'slack', enabled: 'on', secretUrl: 'https://a.org/x', url: 'https://b.org' },
      read: { name: 'team', type: 'slack', enabled: true, filter: {}, secretUrl: 'https://a.org/x' },
    },
    {
      name: 'keeps what is left empty, and is told of what was chosen',
      fields: {
        name: 'hook',
        type: 'webhook',
        url: '',
        secret: '',
        template: ' {{version}} ',
        namespaces: 'shop bank',
        events: ['release.failed', 'release.succeeded'],
      },
      read: {
        name: 'hook',
        type: 'webhook',
        enabled: false,
        filter: { namespaces: ['shop', 'bank'], events: ['release.failed', 'release.succeeded'] },
        template: '{{version}}',
      },
    },
    {
      name: 'goes to several people by mail',
      fields: {
        name: 'mail',
        type: 'email',
        enabled: 'on',
        host: 'mail.example.org',
        port: '465',
        security: 'tls',
        from: 'Slipway <s@example.org>',
        to: 'Ann <a@example.org>, b@example.org',
        secret: 'sesame',
        user: 'robot',
      },
      read: {
        name: 'mail',
        type: 'email',
        enabled: true,
        filter: {},
        secret: 'sesame',
        mail: {
          host: 'mail.example.org',
          port: 465,
          security: 'tls',
          user: 'robot',
          from: 'Slipway <s@example.org>',
          to: ['Ann <a@example.org>', 'b@example.org'],
        },
      },
    },
  ])('$name', ({ fields, read }) => {
    expect(readChannel(filled(fields))).toEqual(read);
  });

  it('says what it tells of', () => {
    expect(describeFilter({})).toBe('everything, of all applications in all namespaces');
    expect(describeFilter({ events: ['release.rolledBack'], applications: ['shop'], namespaces: ['a', 'b'] })).toBe(
      'rolled back, of shop in a, b',
    );
  });

  it('may be told of every state, and of who is waited for', () => {
    expect(events).toContain('release.approvalWanted');
    expect(events.map(describeEventType)).toContain('rolling back');
  });
});
