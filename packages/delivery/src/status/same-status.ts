import { canonicalJson } from '@slipway/kube/hash';

/** Whether writing would change anything. API servers give the fields of custom objects back in an order of their own. */
export function isSameStatus(a: object | undefined, b: object | undefined): boolean {
  return JSON.stringify(a) === JSON.stringify(b) || canonicalJson(a) === canonicalJson(b);
}
