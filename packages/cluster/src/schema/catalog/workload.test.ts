import type { Deployment } from '@slipway/kube/api.generated';
import { expect, it } from 'vitest';
import { faultsOf } from '../../../testing/catalog-checks.ts';
import { deployment } from './apps.ts';

type Spec = NonNullable<Deployment['spec']>;

const mismatch = '`selector` does not match template `labels`';
const labels = { app: 'web' };
const template = { metadata: { labels }, spec: { containers: [{ name: 'web', image: 'web:1' }] } };

function said(spec: Partial<Spec>): readonly string[] {
  return faultsOf(deployment, { metadata: { namespace: 'default', name: 'web' }, ...{ spec } });
}

it.each<{ name: string; spec: Partial<Spec>; faults: readonly string[] }>([
  {
    name: 'without a selector selects nothing, not even its own pods',
    spec: { replicas: 2 },
    faults: [
      'spec.selector: Required value',
      `spec.template.metadata.labels: Invalid value: map[string]string(nil): ${mismatch}`,
      'spec.template.spec.containers: Required value',
    ],
  },
  {
    name: 'selects by requirements that can be met',
    spec: { template, selector: { matchLabels: labels, matchExpressions: [{ key: 'app', operator: 'In' }] } },
    faults: [
      "spec.selector.matchExpressions[0].values: Required value: must be specified when `operator` is 'In' or 'NotIn'",
      `spec.template.metadata.labels: Invalid value: map[string]string{"app":"web"}: ${mismatch}`,
    ],
  },
])('a Deployment $name', ({ spec, faults }) => {
  expect(said(spec)).toEqual(faults);
});
