import type { ConfigMap, Namespace } from '@slipway/kube/api.generated';
import type { Controller, Plan } from '@slipway/kube/controller';
import { runController, source, type RunningController } from '@slipway/kube/controller-runtime';
import { keyOf, type KubeObject, type ObjectKey } from '@slipway/kube/object';
import { configMaps, serviceAccounts } from '@slipway/kube/resources';
import { isStatusReason } from '@slipway/kube/status-error';
import type { ControllerContext } from '../controller-context.ts';
import { rootCertificateName } from './root-certificate.ts';

const defaultServiceAccountName = 'default';
const certificateKey = 'ca.crt';
const descriptionAnnotation = 'kubernetes.io/description';
const description =
  'Contains a CA bundle that can be used to verify the kube-apiserver when using internal endpoints such as the internal service IP or kubernetes.default.svc. No other usage is guaranteed across distributions of Kubernetes clusters.';

export interface NamespaceDefaultsObserved {
  readonly namespace: Namespace;
  readonly hasServiceAccount: boolean;
  readonly rootCertificate: ConfigMap | undefined;
  /** In PEM form. */
  readonly certificateAuthority: string;
}

export type NamespaceDefaultsAction =
  | { readonly kind: 'createServiceAccount' }
  | { readonly kind: 'createRootCertificate' | 'replaceRootCertificate'; readonly certificateAuthority: string };

/** Every namespace has a ServiceAccount `default` and knows the authority of the API server; both come back when they are deleted. */
export function reconcileNamespaceDefaults(observed: NamespaceDefaultsObserved): Plan<NamespaceDefaultsAction> {
  const { namespace, hasServiceAccount, rootCertificate, certificateAuthority } = observed;
  if (namespace.metadata.deletionTimestamp !== undefined) return { actions: [] };
  const actions: NamespaceDefaultsAction[] = [];
  if (!hasServiceAccount) actions.push({ kind: 'createServiceAccount' });
  if (rootCertificate === undefined) actions.push({ kind: 'createRootCertificate', certificateAuthority });
  else if (!isCurrent(rootCertificate, certificateAuthority)) {
    actions.push({ kind: 'replaceRootCertificate', certificateAuthority });
  }
  return { actions };
}

function isCurrent({ data = {}, metadata }: ConfigMap, certificateAuthority: string): boolean {
  return (
    Object.keys(data).length === 1 &&
    data[certificateKey] === certificateAuthority &&
    metadata.annotations?.[descriptionAnnotation] !== undefined
  );
}

export function startNamespaceDefaultsController(
  context: ControllerContext,
  certificateAuthority: string,
): RunningController {
  const { informers } = context;
  const namespaceOf = ({ old, current }: { old: KubeObject | undefined; current: KubeObject | undefined }) =>
    [{ name: (current ?? old)?.metadata.namespace ?? '' }] as const;
  return runController(new NamespaceDefaultsController(context, certificateAuthority), {
    ...context,
    sources: [
      source(informers.namespaces, ({ current }) => (current === undefined ? [] : [keyOf(current)])),
      source(informers.defaultServiceAccounts, namespaceOf),
      source(informers.rootCertificates, namespaceOf),
    ],
  });
}

class NamespaceDefaultsController implements Controller<NamespaceDefaultsObserved, NamespaceDefaultsAction> {
  readonly name = 'namespace-defaults';
  readonly #context: ControllerContext;
  readonly #certificateAuthority: string;

  constructor(context: ControllerContext, certificateAuthority: string) {
    this.#context = context;
    this.#certificateAuthority = certificateAuthority;
  }

  observe(key: ObjectKey): NamespaceDefaultsObserved | undefined {
    const { namespaces, defaultServiceAccounts, rootCertificates } = this.#context.informers;
    const namespace = namespaces.get(key);
    if (namespace === undefined) return undefined;
    return {
      namespace,
      hasServiceAccount:
        defaultServiceAccounts.get({ namespace: key.name, name: defaultServiceAccountName }) !== undefined,
      rootCertificate: rootCertificates.get({ namespace: key.name, name: rootCertificateName }),
      certificateAuthority: this.#certificateAuthority,
    };
  }

  reconcile(observed: NamespaceDefaultsObserved): Plan<NamespaceDefaultsAction> {
    return reconcileNamespaceDefaults(observed);
  }

  async apply({ actions }: Plan<NamespaceDefaultsAction>, { namespace }: NamespaceDefaultsObserved): Promise<void> {
    for (const action of actions) {
      try {
        await this.#act(action, namespace.metadata.name ?? '');
      } catch (error) {
        // Made already, and on its way into the caches.
        if (!isStatusReason(error, 'AlreadyExists')) throw error;
      }
    }
  }

  async #act(action: NamespaceDefaultsAction, namespace: string): Promise<void> {
    const { client } = this.#context;
    switch (action.kind) {
      case 'createServiceAccount':
        await client.create(serviceAccounts, { metadata: { name: defaultServiceAccountName, namespace } });
        return;
      case 'createRootCertificate':
        await client.create(configMaps, rootCertificate(namespace, action.certificateAuthority));
        return;
      case 'replaceRootCertificate':
        await client.update(configMaps, rootCertificate(namespace, action.certificateAuthority));
        return;
    }
  }
}

function rootCertificate(namespace: string, certificateAuthority: string): ConfigMap {
  return {
    metadata: { name: rootCertificateName, namespace, annotations: { [descriptionAnnotation]: description } },
    data: { [certificateKey]: certificateAuthority },
  };
}
