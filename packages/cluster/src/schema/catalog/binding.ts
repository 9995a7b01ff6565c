/** What schedulers of before created; those of today create it as `pods/<name>/binding`. https://kubernetes.io/docs/reference/kubernetes-api/workload-resources/binding-v1/ */
import { pods } from '@slipway/kube/resources';
import { define } from '../entry.ts';
import { pathSegment } from '../names.ts';

export const binding = define({
  type: { group: '', version: 'v1', kind: 'Binding', plural: 'bindings', namespaced: true },
  schemaType: 'io.k8s.api.core.v1.Binding',
  nameRule: pathSegment,
  createdBelow: { type: pods, subresource: 'binding' },
});
