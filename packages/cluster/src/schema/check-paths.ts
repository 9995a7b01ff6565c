/** What a version of a CustomResourceDefinition says of its columns, its scale and what it is selected by, by path. */
import type { CustomResourceDefinition } from '@slipway/kube/api.generated';
import type { Fault } from './definition.ts';
import { invalid, required } from './faults.ts';
import { parsePath } from './json-path.ts';
import { checkSelectableFields } from './selectable-fields.ts';

type Version = CustomResourceDefinition['spec']['versions'][number];
type Column = NonNullable<Version['additionalPrinterColumns']>[number];
type Scale = NonNullable<NonNullable<Version['subresources']>['scale']>;

const columnTypes = ['boolean', 'date', 'integer', 'number', 'string'];
const columnFormats = ['byte', 'date', 'date-time', 'double', 'float', 'int32', 'int64', 'password'];

export function checkVersionPaths(version: Version, at: string): readonly Fault[] {
  const { additionalPrinterColumns = [], subresources } = version;
  const scale = subresources?.scale;
  return [
    ...additionalPrinterColumns.flatMap((column, index) =>
      checkColumn(column, `${at}.additionalPrinterColumns[${index}]`),
    ),
    ...checkSelectableFields(version, at),
    ...(scale === undefined ? [] : checkScale(scale, `${at}.subresources.scale`)),
  ];
}

/** Any of these may have been left out, whatever their type says. */
function checkColumn(
  { name = '', type = '', format = '', jsonPath = '' }: Partial<Column>,
  at: string,
): readonly Fault[] {
  const ofType = `must be one of ${columnTypes.join(',')}`;
  return [
    ...(name === '' ? [required(`${at}.name`)] : []),
    ...(type === '' ? [required(`${at}.type`, ofType)] : []),
    ...(type === '' || columnTypes.includes(type) ? [] : [invalid(`${at}.type`, type, ofType)]),
    ...(format === '' || columnFormats.includes(format)
      ? []
      : [invalid(`${at}.format`, format, `must be one of ${columnFormats.join(',')}`)]),
    ...(jsonPath === '' ? [required(`${at}.jsonPath`)] : checkPath(jsonPath, `${at}.jsonPath`)),
  ];
}

/** Kubernetes takes what it cannot parse as well, and then shows none of the columns. */
function checkPath(path: string, field: string): readonly Fault[] {
  if (!path.startsWith('.')) return [invalid(field, path, 'must be a simple json path starting with .')];
  return parsePath(path) === undefined ? [invalid(field, path, 'must be a json path in the dot notation')] : [];
}

function checkScale(scale: Partial<Scale>, at: string): readonly Fault[] {
  const { specReplicasPath = '', statusReplicasPath = '', labelSelectorPath = '' } = scale;
  return [
    ...checkScalePath(specReplicasPath, ['.spec'], `${at}.specReplicasPath`),
    ...checkScalePath(statusReplicasPath, ['.status'], `${at}.statusReplicasPath`),
    ...(labelSelectorPath === ''
      ? []
      : checkScalePath(labelSelectorPath, ['.spec', '.status'], `${at}.labelSelectorPath`)),
  ];
}

function checkScalePath(path: string, parents: readonly string[], field: string): readonly Fault[] {
  if (path === '') return [required(field)];
  const faults = checkPath(path, field);
  if (faults.length > 0 || parents.some((parent) => path.startsWith(`${parent}.`))) return faults;
  const where = parents.length === 1 ? (parents[0] ?? '') : `either ${parents.join(' or ')}`;
  return [invalid(field, path, `should be a json path under ${where}`)];
}
