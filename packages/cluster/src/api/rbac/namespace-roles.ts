/** The roles and bindings that every cluster begins with in the namespaces of the system. */
import type { PolicyRule, RbacV1Subject } from '@slipway/kube/api.generated';
import { roles } from '@slipway/kube/resources';
import { parseRule } from './controller-roles.ts';

/** Where whoever extends the API finds by which authority callers show who they are. */
export const authenticationConfigName = 'extension-apiserver-authentication';

export interface NamespaceRole {
  readonly namespace: string;
  readonly name: string;
  readonly rules: readonly PolicyRule[];
  /** Where it is not called as the role. */
  readonly bindingName?: string;
  readonly subjects: readonly RbacV1Subject[];
}

const system = 'kube-system';
const events = 'create,patch,update core,events.k8s.io:events';
const leading = ['leases', 'leasecandidates'].map(
  (resource) => `create,get,list,update,watch coordination.k8s.io:${resource}`,
);

export const namespaceRoles: readonly NamespaceRole[] = [
  {
    ...role(system, `${authenticationConfigName}-reader`, [
      `get,list,watch core:configmaps ${authenticationConfigName}`,
    ]),
    bindingName: `system::${authenticationConfigName}-reader`,
    subjects: [user('system:kube-controller-manager'), user('system:kube-scheduler')],
  },
  {
    ...role(system, 'system::leader-locking-kube-controller-manager', leading),
    subjects: [
      user('system:kube-controller-manager'),
      account('kube-controller-manager'),
      account('leader-election-controller'),
    ],
  },
  {
    ...role(system, 'system::leader-locking-kube-scheduler', leading),
    subjects: [user('system:kube-scheduler'), account('kube-scheduler')],
  },
  ofController(system, 'bootstrap-signer', ['get,list,watch core:secrets']),
  ofController(system, 'cloud-provider', ['create,get,list,watch core:configmaps']),
  ofController(system, 'token-cleaner', ['delete,get,list,watch core:secrets', events]),
  ofController('kube-public', 'bootstrap-signer', [
    'get,list,watch core:configmaps',
    'update core:configmaps cluster-info',
    events,
  ]),
];

function role(namespace: string, name: string, lines: readonly string[]) {
  return { namespace, name, rules: lines.map(parseRule) };
}

function ofController(namespace: string, controller: string, lines: readonly string[]): NamespaceRole {
  return { ...role(namespace, `system:controller:${controller}`, lines), subjects: [account(controller)] };
}

function user(name: string): RbacV1Subject {
  return { apiGroup: roles.group, kind: 'User', name };
}

function account(name: string): RbacV1Subject {
  return { kind: 'ServiceAccount', name, namespace: system };
}
