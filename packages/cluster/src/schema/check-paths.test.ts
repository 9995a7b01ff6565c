import { describe, expect, it } from 'vitest';
import { checkVersionPaths } from './check-paths.ts';

const version = { name: 'v1', served: true, storage: true };

function said(faults: ReturnType<typeof checkVersionPaths>): readonly string[] {
  return faults.map(({ field, message }) => `${field}: ${message}`);
}

describe('a column', () => {
  const column = { name: 'Hosts', type: 'string', jsonPath: '.spec.rules[*].hosts[*]' };
  const at = 'spec.versions[0].additionalPrinterColumns[0]';

  it.each([
    [{}, []],
    [{ name: '' }, [`${at}.name: Required value`]],
    [{ type: 'foo' }, [`${at}.type: Invalid value: "foo": must be one of boolean,date,integer,number,string`]],
    [{ type: '' }, [`${at}.type: Required value: must be one of boolean,date,integer,number,string`]],
    [
      { format: 'long' },
      [`${at}.format: Invalid value: "long": must be one of byte,date,date-time,double,float,int32,int64,password`],
    ],
    [{ jsonPath: '' }, [`${at}.jsonPath: Required value`]],
    [{ jsonPath: 'spec.a' }, [`${at}.jsonPath: Invalid value: "spec.a": must be a simple json path starting with .`]],
    [{ jsonPath: '.spec[x]' }, [`${at}.jsonPath: Invalid value: ".spec[x]": must be a json path in the dot notation`]],
  ])('with %j', (change, faults) => {
    const additionalPrinterColumns = [{ ...column, ...change }];
    expect(said(checkVersionPaths({ ...version, additionalPrinterColumns }, 'spec.versions[0]'))).toEqual(faults);
  });
});

describe('a scale', () => {
  const paths = { specReplicasPath: '.spec.replicas', statusReplicasPath: '.status.replicas' };
  const at = 'v.subresources.scale';

  it.each([
    [{ labelSelectorPath: '.status.selector' }, []],
    [{ specReplicasPath: '' }, [`${at}.specReplicasPath: Required value`]],
    [
      { specReplicasPath: '.status.replicas' },
      [`${at}.specReplicasPath: Invalid value: ".status.replicas": should be a json path under .spec`],
    ],
    [
      { statusReplicasPath: 'status.replicas' },
      [`${at}.statusReplicasPath: Invalid value: "status.replicas": must be a simple json path starting with .`],
    ],
    [
      { labelSelectorPath: '.metadata.labels' },
      [
        `${at}.labelSelectorPath: Invalid value: ".metadata.labels": should be a json path under either .spec or .status`,
      ],
    ],
  ])('with %j', (change, faults) => {
    const scale = { ...paths, ...change };
    expect(said(checkVersionPaths({ ...version, subresources: { scale } }, 'v'))).toEqual(faults);
  });
});
