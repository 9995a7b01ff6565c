import { describe, expect, test } from 'vitest';
import { describeDifference, isDifferent } from './difference.ts';

const sides = { name: 'Application shop', from: 'in the cluster', to: 'shop.yaml' };

test('what is the same is no difference, whatever the order of its fields', () => {
  expect(isDifferent({ ...sides, before: { a: 1, b: [2] }, after: { b: [2], a: 1 } })).toBe(false);
  expect(isDifferent({ ...sides, before: undefined, after: { a: 1 } })).toBe(true);
});

describe('describeDifference', () => {
  test('is a unified diff of both sides as YAML', () => {
    const before = { spec: { replicas: 2, version: '1' } };
    const after = { spec: { version: '2', replicas: 2 } };
    expect(describeDifference({ ...sides, before, after })).toBe(`\
--- Application shop (in the cluster)
+++ Application shop (shop.yaml)
@@ -1,3 +1,3 @@
 spec:
   replicas: 2
-  version: "1"
+  version: "2"`);
  });

  test('shows the whole of what is new', () => {
    expect(describeDifference({ ...sides, before: undefined, after: { spec: 1 } })).toBe(`\
--- Application shop (in the cluster)
+++ Application shop (shop.yaml)
@@ -0,0 +1,1 @@
+spec: 1`);
  });
});
