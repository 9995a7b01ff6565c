import type { LabelSelector, PodTemplateSpec } from '@slipway/kube/api.generated';
import { canonicalJson, fnv32a, safeEncode } from '@slipway/kube/hash';
import { isSemanticallyEqual } from '../semantic-equality.ts';

export const podTemplateHashLabel = 'pod-template-hash';

/** Names a template; `collisionCount` finds another name when two templates share one. */
export function calculatePodTemplateHash(template: PodTemplateSpec, collisionCount: number | undefined): string {
  const salt = collisionCount === undefined || collisionCount === 0 ? '' : String(collisionCount);
  return safeEncode(String(fnv32a(canonicalJson(template) + salt)));
}

/** Whether two templates make the same pods: the hash itself is no difference. */
export function isSameTemplate(a: PodTemplateSpec | undefined, b: PodTemplateSpec | undefined): boolean {
  return isSemanticallyEqual(withoutHash(a), withoutHash(b));
}

function withoutHash(template: PodTemplateSpec | undefined): PodTemplateSpec {
  const { [podTemplateHashLabel]: _, ...labels } = template?.metadata?.labels ?? {};
  return { ...template, metadata: { ...template?.metadata, labels } };
}

export function templateWithHash(template: PodTemplateSpec, hash: string): PodTemplateSpec {
  const labels = { ...template.metadata?.labels, [podTemplateHashLabel]: hash };
  return { ...template, metadata: { ...template.metadata, labels } };
}

export function selectorWithHash(selector: LabelSelector, hash: string): LabelSelector {
  return { ...selector, matchLabels: { ...selector.matchLabels, [podTemplateHashLabel]: hash } };
}
