import { describe, expect, it } from 'vitest';
import { isAllowed, type Grant, type Permission } from './principal.ts';

interface Case {
  readonly name: string;
  readonly grants: readonly Grant[];
  readonly permission: Permission;
  readonly namespace?: string;
  readonly allowed: boolean;
}

const inShop = (role: Grant['role']): readonly Grant[] => [{ role, namespaces: ['shop'] }];

const cases: readonly Case[] = [
  { name: 'nobody may anything without a grant', grants: [], permission: 'view', namespace: 'shop', allowed: false },
  { name: 'view sees', grants: inShop('view'), permission: 'view', namespace: 'shop', allowed: true },
  { name: 'view changes nothing', grants: inShop('view'), permission: 'operate', namespace: 'shop', allowed: false },
  { name: 'operate sees too', grants: inShop('operate'), permission: 'view', namespace: 'shop', allowed: true },
  {
    name: 'operate does not approve',
    grants: inShop('operate'),
    permission: 'approve',
    namespace: 'shop',
    allowed: false,
  },
  {
    name: 'approve does not operate',
    grants: inShop('approve'),
    permission: 'operate',
    namespace: 'shop',
    allowed: false,
  },
  {
    name: 'admin of a namespace may all in it',
    grants: inShop('admin'),
    permission: 'approve',
    namespace: 'shop',
    allowed: true,
  },
  {
    name: 'a grant ends at its namespace',
    grants: inShop('admin'),
    permission: 'view',
    namespace: 'bank',
    allowed: false,
  },
  {
    name: 'a grant for a namespace is none for the server',
    grants: inShop('admin'),
    permission: 'admin',
    allowed: false,
  },
  {
    name: 'a grant for all is one for the server',
    grants: [{ role: 'admin', namespaces: ['*'] }],
    permission: 'admin',
    allowed: true,
  },
];

describe('grants', () => {
  it.each(cases)('$name', ({ grants, permission, namespace, allowed }) => {
    expect(isAllowed(grants, permission, namespace)).toBe(allowed);
  });
});
