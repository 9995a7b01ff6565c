import type { MutatingWebhook, ValidatingWebhook } from '@slipway/kube/api.generated';
import { describe, expect, it } from 'vitest';
import { columnsOf, faultsOf } from '../../../testing/catalog-checks.ts';
import { withLateModulesAtOnce } from '../late-module.ts';
import { mutatingWebhookConfiguration, validatingWebhookConfiguration } from './webhooks.ts';

const plain: ValidatingWebhook & MutatingWebhook = {
  name: 'check.example.com',
  clientConfig: { service: { namespace: 'default', name: 'check' } },
  rules: [{ operations: ['CREATE'], apiGroups: [''], apiVersions: ['v1'], resources: ['pods'] }],
  sideEffects: 'None',
  admissionReviewVersions: ['v1'],
};

describe('a webhook configuration', () => {
  it('refuses where the webhook does not answer within ten seconds, unless it says otherwise', () => {
    const filled = {
      failurePolicy: 'Fail',
      matchPolicy: 'Equivalent',
      timeoutSeconds: 10,
      clientConfig: { service: { port: 443 } },
      rules: [{ scope: '*' }],
    };
    const object = { metadata: {}, webhooks: [plain] };
    expect(validatingWebhookConfiguration.applyDefaults(object)).toMatchObject({ webhooks: [filled] });
    expect(mutatingWebhookConfiguration.applyDefaults(object)).toMatchObject({
      webhooks: [{ ...filled, reinvocationPolicy: 'Never' }],
    });
    expect(faultsOf(mutatingWebhookConfiguration, object)).toEqual([]);
  });

  it.each<{ readonly webhook: object; readonly fault: string }>([
    {
      webhook: { name: 'check' },
      fault:
        'webhooks[0].name: Invalid value: "check": should be a domain with at least three segments separated by dots',
    },
    {
      webhook: { clientConfig: {} },
      fault: 'webhooks[0].clientConfig: Required value: exactly one of url or service is required',
    },
    {
      webhook: { clientConfig: { url: 'http://example.com/' } },
      fault:
        'webhooks[0].clientConfig.url: Invalid value: "http": \'https\' is the only allowed URL scheme; desired format: https://host[/path]',
    },
    {
      webhook: { sideEffects: undefined },
      fault: 'webhooks[0].sideEffects: Required value: must specify one of None, NoneOnDryRun',
    },
    {
      webhook: { admissionReviewVersions: ['v2'] },
      fault:
        'webhooks[0].admissionReviewVersions: Invalid value: []string{"v2"}: must include at least one of v1, v1beta1',
    },
    {
      webhook: { timeoutSeconds: 31 },
      fault: 'webhooks[0].timeoutSeconds: Invalid value: 31: the timeout value must be between 1 and 30 seconds',
    },
    { webhook: { rules: [{}] }, fault: 'webhooks[0].rules[0].operations: Required value' },
  ])('is refused with $fault', ({ webhook, fault }) => {
    const object = { metadata: {}, webhooks: [{ ...plain, ...webhook }] };
    expect(faultsOf(validatingWebhookConfiguration, object)).toContain(fault);
  });

  it.each([
    { expression: 'object.metadata.name == "a"', faults: [] },
    { expression: 'request.dryRun', faults: [] },
    {
      expression: 'object.metadata.name ==',
      faults: [expect.stringMatching(/^webhooks\[0\]\.matchConditions\[0\]\.expression: .*compilation failed: /)],
    },
    { expression: 'unknown == 1', faults: [expect.stringContaining('compilation failed: ')] },
    { expression: '1 + 1', faults: [expect.stringContaining('must evaluate to bool')] },
    { expression: ' ', faults: ['webhooks[0].matchConditions[0].expression: Required value'] },
  ])('is judged by its condition $expression', async ({ expression, faults }) => {
    const webhook = { ...plain, matchConditions: [{ name: 'a', expression }] };
    const object = { metadata: {}, webhooks: [webhook] };
    // The first one reads what compiles.
    expect(await withLateModulesAtOnce(() => faultsOf(validatingWebhookConfiguration, object))).toEqual(faults);
  });

  it('is refused with conditions that say nothing', async () => {
    const object = { metadata: {}, webhooks: [{ ...plain, matchConditions: [{}, {}] }] };
    expect(await withLateModulesAtOnce(() => faultsOf(validatingWebhookConfiguration, object))).toEqual(
      ['[0].name', '[0].expression', '[1].name', '[1].expression'].map(
        (field) => `webhooks[0].matchConditions${field}: Required value`,
      ),
    );
  });

  it.each([
    { name: 'a/b/c', faults: [expect.stringContaining('[0].name: Invalid value: "a/b/c": a qualified name must')] },
    { name: 'not valid', faults: [expect.stringContaining('[0].name: Invalid value: "not valid": ')] },
    { name: 'example.com/Mine', faults: [] },
  ])('is judged by the name of its condition $name', async ({ name, faults }) => {
    const object = { metadata: {}, webhooks: [{ ...plain, matchConditions: [{ name, expression: 'true' }] }] };
    expect(await withLateModulesAtOnce(() => faultsOf(validatingWebhookConfiguration, object))).toEqual(faults);
  });

  it('has at most 64 conditions', async () => {
    const conditions = Array.from({ length: 65 }, (_, index) => ({ name: `a${index}`, expression: 'true' }));
    const given = (count: number) => ({
      metadata: {},
      webhooks: [{ ...plain, matchConditions: conditions.slice(0, count) }],
    });
    const faultsWith = (count: number) =>
      withLateModulesAtOnce(() => faultsOf(mutatingWebhookConfiguration, given(count)));
    expect(await faultsWith(64)).toEqual([]);
    expect(await faultsWith(65)).toEqual(['webhooks[0].matchConditions: Too many: 65: must have at most 64 items']);
  });

  it('keeps conditions that are stored, whatever they are, until one of them changes', async () => {
    const bad = { name: 'a', expression: 'unknown' };
    const old = { metadata: {}, webhooks: [{ ...plain, matchConditions: [bad] }] };
    const faultsWith = (webhook: object) => {
      const object = { metadata: {}, webhooks: [{ ...plain, ...webhook }] };
      return withLateModulesAtOnce(() => faultsOf(validatingWebhookConfiguration, object, old));
    };
    expect(await faultsWith({ matchConditions: [bad], timeoutSeconds: 5 })).toEqual([]);
    const fault = expect.stringContaining('[0].expression: Invalid value: "unknown": compilation failed: ');
    expect(await faultsWith({ matchConditions: [bad, { name: 'b', expression: 'true' }] })).toEqual([fault]);
  });

  it('shows how many there are', () => {
    expect(columnsOf(validatingWebhookConfiguration)).toEqual(['Name', 'Webhooks', 'Age']);
  });
});
