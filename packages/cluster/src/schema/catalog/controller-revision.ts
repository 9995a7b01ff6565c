import type { ControllerRevision } from '@slipway/kube/api.generated';
import { isSameJson } from '@slipway/kube/json-equality';
import { controllerOf } from '@slipway/kube/owner-references';
import { controllerRevisions } from '@slipway/kube/resources';
import { define } from '../entry.ts';
import { invalid, required } from '../faults.ts';
import { GoText } from '../go-text.ts';
import { dns1123Subdomain } from '../names.ts';
import { atLeast } from './pod-template.ts';

/** A state of a StatefulSet or DaemonSet, to go back to. */
export const controllerRevision = define<ControllerRevision>({
  type: controllerRevisions,
  schemaType: 'io.k8s.api.apps.v1.ControllerRevision',
  nameRule: dns1123Subdomain,
  columns: [
    { name: 'Controller', cell: controllerText },
    { name: 'Revision', type: 'integer', cell: ({ revision }) => revision ?? 0 },
  ],
  validate: ({ revision, data }) => [
    ...(data === undefined || data === null ? [required('data', 'data is mandatory')] : []),
    ...atLeast(revision, 0, 'revision'),
  ],
  validateUpdate: (object, old) =>
    isSameJson(object.data, old.data)
      ? []
      : [invalid('data', new GoText('runtime.RawExtension'), 'field is immutable')],
});

function controllerText(object: ControllerRevision): string {
  const owner = controllerOf(object);
  if (owner === undefined) return '<none>';
  const [group = '', version] = owner.apiVersion.split('/');
  return `${owner.kind.toLowerCase()}${version === undefined ? '' : `.${group}`}/${owner.name}`;
}
