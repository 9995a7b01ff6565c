import { describe, expect, test } from 'vitest';
import type { ApplicationRoute } from '../../api/application.ts';
import type { Check } from '../../api/check.ts';
import { loadCompile } from './load-compile.ts';
import { validateCheckReferences, validateChecks, validateExpressions } from './validate-checks.ts';

const compile = await loadCompile();
const prometheus = { address: 'https://prometheus', query: 'errors{v="{{version}}"}' };
const web = { url: 'https://metrics/{{service}}', jsonPath: '$.rate' };

function check(more: object = {}): Check {
  return { name: 'errors', provider: { prometheus }, successWhen: 'value < 0.05', ...more };
}

function faults(checks: readonly Check[], route: object | undefined = { hosts: ['shop'] }): readonly string[] {
  return [...validateChecks({ checks, route }), ...validateExpressions({ checks }, compile)].map(
    ({ field, message }) => `${field}: ${message}`,
  );
}

describe('what is wrong with a check', () => {
  test.each<[string, object, string]>([
    ['no name', { name: 'A b' }, 'name: "A b" must be of lower case letters, digits and "-", at most 63 characters'],
    ['no time', { interval: '30' }, 'interval: "30" must be a time of at most a day such as "30s", "5m" or "1m30s"'],
    [
      'one that cannot fail',
      { count: 2, failureLimit: 2 },
      'failureLimit: 2 must be less than count (2), or it could never fail',
    ],
    ['nobody to ask', { provider: {} }, 'provider: must have exactly one of prometheus, gateway and web, has none'],
    [
      'two to ask',
      { provider: { prometheus, web } },
      'provider: must have exactly one of prometheus, gateway and web, has prometheus, web',
    ],
    [
      'an address that is none',
      { provider: { prometheus: { ...prometheus, address: 'prometheus:9090' } } },
      'provider.prometheus.address: "prometheus:9090" must be a URL that begins with http:// or https://',
    ],
    [
      'credentials in an address',
      { provider: { prometheus: { ...prometheus, address: 'https://me:secret@prometheus' } } },
      'provider.prometheus.address: "https://me:secret@prometheus" must not hold credentials: put them in a Secret, and name it in secretRef',
    ],
    [
      'credentials without TLS',
      { provider: { prometheus: { ...prometheus, address: 'http://prometheus', secretRef: { name: 'a' } } } },
      'provider.prometheus.secretRef: credentials are sent by https only: give an https address, or set insecure',
    ],
    [
      'an unknown placeholder',
      { provider: { prometheus: { ...prometheus, query: 'up{v="{{pod}}"}' } } },
      'provider.prometheus.query: {{pod}} is not a placeholder, expected one of: {{namespace}}, {{application}}, {{version}}, {{stable}}, {{service}}',
    ],
    [
      'a placeholder outside of a string',
      { provider: { prometheus: { ...prometheus, query: 'up_{{version}}' } } },
      'provider.prometheus.query: {{version}} stands outside of a string: write it in quotes, as in version="{{version}}"',
    ],
    [
      'a placeholder without an end',
      { provider: { prometheus: { ...prometheus, query: 'up{v="{{version}"}' } } },
      'provider.prometheus.query: has a placeholder that is not closed by }}',
    ],
    [
      'a comparison with itself',
      { baseline: true, provider: { prometheus: { ...prometheus, query: 'up' } } },
      'provider.prometheus.query: must name {{version}} or {{service}}, because baseline asks the same of the stable version',
    ],
    [
      'no path',
      { provider: { web: { ...web, jsonPath: '$..a' } } },
      `provider.web.jsonPath: "$..a" must be a path to one value, such as $.data.items[0]['error.rate']`,
    ],
    [
      'a URL that is none',
      { provider: { web: { ...web, url: 'file:///etc/passwd' } } },
      'provider.web.url: "file:///etc/passwd" must be a URL that begins with http:// or https://',
    ],
    [
      'credentials to a URL without TLS',
      { provider: { web: { ...web, url: 'http://metrics', secretRef: { name: 'a' } } } },
      'provider.web.secretRef: credentials are sent by https only: give an https URL',
    ],
    [
      'credentials in a header',
      { provider: { web: { ...web, headers: { Authorization: 'x' } } } },
      'provider.web.headers: Authorization cannot be set here: credentials belong in a Secret, named in secretRef',
    ],
    [
      'a header that makes two',
      { provider: { web: { ...web, headers: { 'X-A': 'a\r\nX-B: b' } } } },
      'provider.web.headers: "X-A" must be the name of a header, with printable text',
    ],
    [
      'a quantile of something else',
      { provider: { gateway: { metric: 'errors', quantile: 0.9 } } },
      'provider.gateway.quantile: belongs to the metric duration, not to errors',
    ],
    [
      'an expression that is a number',
      { successWhen: 'value' },
      'successWhen: "value": comes to double, expected bool, as in value < 0.05',
    ],
  ])('%s', (_, more, said) => {
    expect(faults([check(more)])).toContain(`spec.checks[0].${said}`);
  });

  test.each(['value <', 'result < 1.0', 'value < baseline', 'value < "a"'])('the expression %s', (successWhen) => {
    expect(faults([check({ successWhen })])).toEqual([
      expect.stringMatching(/^spec\.checks\[0\]\.successWhen: ".+": .+/),
    ]);
  });

  test.each<[ApplicationRoute | undefined]>([[undefined], [{ through: 'none' }]])(
    'a gateway that nothing comes through: %j',
    (route) => {
      const checks = [check({ provider: { gateway: { metric: 'errors' } } })];
      expect(validateChecks({ checks, route })).toMatchObject([
        { field: 'spec.checks[0].provider.gateway', message: expect.stringContaining('spec.route through gateway') },
      ]);
    },
  );

  test('is said all at once', () => {
    const checks = [check(), check({ interval: 'x', successWhen: 'value' })];
    expect(faults(checks).map((fault) => fault.slice(0, fault.indexOf(':')))).toEqual([
      'spec.checks[1].name',
      'spec.checks[1].interval',
      'spec.checks[1].successWhen',
    ]);
  });

  test('is nothing with checks in order', () => {
    const gateway = { metric: 'errors' };
    expect(
      faults([
        check({
          baseline: true,
          successWhen: 'value <= baseline * 1.5 && samples > 10',
          interval: '1m',
          count: 5,
          failureLimit: 4,
        }),
        check({ name: 'traffic', provider: { gateway } }),
        check({ name: 'business', provider: { web: { ...web, headers: { 'X-Tenant': 'shop' } } } }),
      ]),
    ).toEqual([]);
    expect(validateChecks({})).toEqual([]);
    expect(validateExpressions({}, compile)).toEqual([]);
  });
});

test('a step must name a check that there is', () => {
  const field = 'spec.strategy.canary.steps[2].check';
  expect(validateCheckReferences([{ field, name: 'errors' }], [check()])).toEqual([]);
  expect(validateCheckReferences([{ field, name: 'latency' }], [check()])).toEqual([
    {
      reason: 'FieldValueInvalid',
      field,
      message: 'there is no check named "latency" in spec.checks, there are: errors',
    },
  ]);
});
