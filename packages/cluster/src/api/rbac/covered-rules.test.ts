import type { PolicyRule } from '@slipway/kube/api.generated';
import { describe, expect, it } from 'vitest';
import { compareRules, describeRights } from './covered-rules.ts';

const pods: PolicyRule = { verbs: ['get', 'list'], apiGroups: [''], resources: ['pods'] };

describe('rules are covered', () => {
  it.each([
    { name: 'by themselves', held: [pods], wanted: [pods], covered: true },
    { name: 'by nothing never', held: [], wanted: [pods], covered: false },
    {
      name: 'by several together',
      held: [
        { ...pods, verbs: ['get'] },
        { ...pods, verbs: ['list'] },
      ],
      wanted: [pods],
      covered: true,
    },
    { name: 'by stars', held: [{ verbs: ['*'], apiGroups: ['*'], resources: ['*'] }], wanted: [pods], covered: true },
    { name: 'not where a star is wanted', held: [pods], wanted: [{ ...pods, verbs: ['*'] }], covered: false },
    {
      name: 'not where all objects are wanted',
      held: [{ ...pods, resourceNames: ['a'] }],
      wanted: [pods],
      covered: false,
    },
    {
      name: 'where one of the named objects is wanted',
      held: [{ ...pods, resourceNames: ['a', 'b'] }],
      wanted: [{ ...pods, resourceNames: ['b'] }],
      covered: true,
    },
    {
      name: 'by a subresource of every resource',
      held: [{ ...pods, resources: ['*/log'] }],
      wanted: [{ ...pods, resources: ['pods/log'] }],
      covered: true,
    },
    { name: 'by no other group', held: [{ ...pods, apiGroups: ['apps'] }], wanted: [pods], covered: false },
    {
      name: 'on paths below a star',
      held: [{ verbs: ['get'], nonResourceURLs: ['/api/*'] }],
      wanted: [{ verbs: ['get'], nonResourceURLs: ['/api/v1'] }],
      covered: true,
    },
    {
      name: 'on no other path',
      held: [{ verbs: ['get'], nonResourceURLs: ['/api'] }],
      wanted: [{ verbs: ['get'], nonResourceURLs: ['/api/v1'] }],
      covered: false,
    },
  ])('$name', ({ held, wanted, covered }) => {
    expect(compareRules(held, wanted).kind).toBe(covered ? 'covered' : 'missing');
  });

  it('or not compared, when there are too many to take apart', () => {
    const many = Array.from({ length: 400 }, (_, index) => `r${index}`);
    const wanted = [{ verbs: many, apiGroups: [''], resources: many }];
    expect(compareRules(wanted, wanted)).toEqual({ kind: 'tooMany', maximum: 100_000 });
  });
});

it('says what is missing as Kubernetes does', () => {
  const wanted: readonly PolicyRule[] = [
    pods,
    { verbs: ['delete'], apiGroups: ['apps'], resources: ['deployments'], resourceNames: ['web'] },
    { verbs: ['get'], nonResourceURLs: ['/api'] },
  ];
  const coverage = compareRules([], wanted);
  expect(coverage.kind === 'missing' ? describeRights(coverage.rights) : '').toBe(
    [
      '{APIGroups:[""], Resources:["pods"], Verbs:["get" "list"]}',
      '{APIGroups:["apps"], Resources:["deployments"], ResourceNames:["web"], Verbs:["delete"]}',
      '{NonResourceURLs:["/api"], Verbs:["get"]}',
    ].join('\n'),
  );
});
