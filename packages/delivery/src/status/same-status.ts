import { canonicalJson } from '@slipway/kube/hash';

/** Whether writing would change anything. API servers give the fields of custom objects back in an order of their own. */
export function isSameStatus(a: object | undefined, b: object | undefined): boolean {
  const [first, second] = [JSON.stringify(a) ?? '', JSON.stringify(b) ?? ''];
  // In any order the same fields take the same room.
  return first === second || (first.length === second.length && canonicalJson(a) === canonicalJson(b));
}
