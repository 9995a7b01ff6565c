import { namespaces } from '@slipway/kube/resources';
import type { AdmissionPlugin } from './admission.ts';
import { forbidden } from './api-errors.ts';

const immortal: ReadonlySet<string> = new Set(['default', 'kube-system', 'kube-public']);

/** https://kubernetes.io/docs/reference/access-authn-authz/admission-controllers/#namespacelifecycle */
export const immortalNamespaces: AdmissionPlugin = {
  admit: ({ object }) => object,
  admitDeletion: ({ definition: { type }, object: { metadata } }) => {
    const name = metadata.name ?? '';
    if (type.kind === namespaces.kind && type.group === namespaces.group && immortal.has(name))
      throw forbidden(namespaces, name, 'this namespace may not be deleted');
  },
};
