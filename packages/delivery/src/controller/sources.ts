/** Which Applications are looked at again when something changes. */
import type { Deployment, PodDisruptionBudget, Service } from '@slipway/kube/api.generated';
import { source, type ControllerSource } from '@slipway/kube/controller-runtime';
import type { InformerChange } from '@slipway/kube/informer';
import { isSameJson } from '@slipway/kube/json-equality';
import { keyOf, type KubeObject, type ObjectKey } from '@slipway/kube/object';
import type { ReleaseApproval } from '../api/release-approval.ts';
import type { ReleaseCommand } from '../api/release-command.ts';
import { referencesOf } from '../asked.ts';
import { needsBeside } from '../configuration/needs-beside.ts';
import { annotations, labels } from '../names.ts';
import { isSelectorConflict } from '../selector-conflicts.ts';
import { resolveApplication, type Caches } from './caches.ts';
import { followersOf, membersOfChange } from './companion-cache.ts';

/** Which Application a change of some object concerns. */
export function createSources(caches: Caches): readonly ControllerSource[] {
  const same = ({ current, old }: InformerChange<KubeObject>): readonly ObjectKey[] => {
    const metadata = (current ?? old)?.metadata;
    return metadata?.name === undefined ? [] : [{ namespace: metadata.namespace, name: metadata.name }];
  };
  const named = ({ current }: InformerChange<ReleaseCommand | ReleaseApproval>): readonly ObjectKey[] =>
    current === undefined ? [] : [{ namespace: current.metadata.namespace, name: current.spec.application }];
  const referring =
    (noteOf: (object: KubeObject) => string) =>
    ({ current, old }: InformerChange<KubeObject>): readonly ObjectKey[] => {
      const object = current ?? old;
      const isContent = (current && noteOf(current)) !== (old && noteOf(old));
      return object !== undefined && isContent ? referringTo(caches, object.metadata) : [];
    };
  // How many pods may go right now is no concern of ours; what somebody else covers is one of every Application there.
  const budgeted = (change: InformerChange<PodDisruptionBudget>): readonly ObjectKey[] => {
    const { current, old } = change;
    if (current !== undefined && current.metadata.generation === old?.metadata.generation) return [];
    const own = labelled(change);
    return own.length > 0 ? own : caches.applications.list((current ?? old)?.metadata.namespace).map(keyOf);
  };
  const { applications: all, commands, approvals, splits: allSplits, leases: live, ...others } = caches;
  return [
    source(all, (change) => same(change).flatMap((key) => [key, ...followersOf(caches, key)])),
    source(allSplits, same),
    source(commands, named),
    source(approvals, named),
    // Leases are renewed every few seconds: who waits for a gateway looks again by itself.
    source(live, () => []),
    source(others.otherServices, (change) => selectedBy(caches, change)),
    source(others.deployments, (change) => referringToDeployment(caches, change)),
    source(others.releases, (change) => labelled(change).flatMap((key) => [key, ...followersOf(caches, key)])),
    source(others.groups, membersOfChange),
    source(others.replicaSets, labelled),
    source(others.pods, labelled),
    source(others.services, labelled),
    source(others.slices, labelled),
    source(others.jobs, labelled),
    source(others.budgets, budgeted),
    source(others.configMaps, referring(contentNote)),
    source(others.secrets, referring(versionNote)),
  ];
}

function labelled(change: InformerChange<KubeObject>): readonly ObjectKey[] {
  const object = change.current ?? change.old;
  const name = object?.metadata.labels?.[labels.application];
  return name === undefined ? [] : [{ namespace: object?.metadata.namespace, name }];
}

function contentNote({ metadata }: KubeObject): string {
  const { labels: own, annotations: notes } = metadata;
  return `${notes?.[annotations.content] ?? ''}${own?.[labels.config] ?? notes?.[labels.config] ?? ''}`;
}

/** Of what a Secret holds nothing is known here: whatever has changed may be that. */
function versionNote({ metadata }: KubeObject): string {
  return `${metadata.uid ?? ''}/${metadata.resourceVersion ?? ''}`;
}

function referringTo(caches: Caches, { namespace, name = '' }: KubeObject['metadata']): readonly ObjectKey[] {
  return caches.applications
    .list(namespace)
    .map((application) => resolveApplication(application, caches).application)
    .filter(({ spec }) =>
      [...referencesOf(spec), ...needsBeside(spec).map(({ reference }) => reference)].some(
        (reference) => reference.name === name,
      ),
    )
    .map(keyOf);
}

/** Endpoints and addresses of others come and go: only who selects pods of an Application, or did, concerns it. */
function selectedBy(caches: Caches, { current, old }: InformerChange<Service>): readonly ObjectKey[] {
  const changed = [current, old].flatMap((service) => service ?? []);
  if (isSameJson(current?.spec, old?.spec)) return [];
  return caches.applications
    .list(changed[0]?.metadata.namespace)
    .map((application) => resolveApplication(application, caches).application)
    .filter((application) => changed.some((service) => isSelectorConflict(application, service)))
    .map(keyOf);
}

function referringToDeployment(caches: Caches, { current, old }: InformerChange<Deployment>): readonly ObjectKey[] {
  const { namespace, name } = (current ?? old)?.metadata ?? {};
  return caches.applications
    .list(namespace)
    .filter(({ spec }) => spec.workloadRef !== undefined && spec.workloadRef.name === name)
    .map(keyOf);
}
