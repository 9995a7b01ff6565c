import type { Pod, Toleration } from '@slipway/kube/api.generated';
import type { AdmissionPlugin } from './admission.ts';

/** How long a pod stays on a node that is not ready, unless it says otherwise. */
const tolerationSeconds = 300;
const keys = ['node.kubernetes.io/not-ready', 'node.kubernetes.io/unreachable'];

/** https://kubernetes.io/docs/reference/access-authn-authz/admission-controllers/#defaulttolerationseconds */
export const defaultTolerations: AdmissionPlugin = {
  admit: ({ definition, object, old }) => {
    if (definition.type.kind !== 'Pod' || definition.type.group !== '') return object;
    const pod: Pod = object;
    const before: Pod | undefined = old;
    if (pod.spec === undefined) return object;
    const tolerations = pod.spec.tolerations ?? [];
    if (tolerations === before?.spec?.tolerations) return object;
    // A replacement that does not speak of one that the pod has keeps it: none may go.
    const wanted = before === undefined ? keys : keys.filter((key) => speakOf(before.spec?.tolerations, key));
    const missing = wanted.filter((key) => !speakOf(tolerations, key));
    const added = missing.map((key): Toleration => ({
      key,
      operator: 'Exists',
      effect: 'NoExecute',
      tolerationSeconds,
    }));
    return added.length === 0 ? object : { ...pod, spec: { ...pod.spec, tolerations: [...tolerations, ...added] } };
  },
};

function speakOf(tolerations: readonly Toleration[] = [], taint: string): boolean {
  return tolerations.some((each) => speaksOf(each, taint));
}

function speaksOf({ key = '', effect }: Toleration, taint: string): boolean {
  return (key === '' || key === taint) && (effect === undefined || effect === 'NoExecute');
}
