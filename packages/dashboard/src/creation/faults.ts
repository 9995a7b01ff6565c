/** Which fault belongs to which field of the form. Pure. */
import type { FieldFault } from '../api/problem.ts';
import type { Path } from './manifest.ts';

/** `['spec', 'template', 'containers', 0, 'image']` is `spec.template.containers[0].image`. */
export function formatPath(path: Path): string {
  return path.map((part, index) => (typeof part === 'number' ? `[${part}]` : index === 0 ? part : `.${part}`)).join('');
}

/** As the API server writes a field, or as a pointer into the request: both as the first. */
export function normalizeField(field: string): string {
  if (!field.startsWith('body')) return field.replaceAll('"', '');
  const parts = field.split('/').slice(1);
  return formatPath(
    (parts[0] === 'name' ? ['metadata', 'name'] : parts).map((part) => (/^\d+$/.test(part) ? Number(part) : part)),
  );
}

/** Of a field and of what is inside it. */
export function faultsAt(faults: readonly FieldFault[], path: Path): readonly string[] {
  const field = formatPath(path);
  return faults
    .filter((fault) => {
      const at = normalizeField(fault.field);
      return at === field || at.startsWith(`${field}.`) || at.startsWith(`${field}[`);
    })
    .map(({ message }) => message);
}

/** Those that no field of the form shows. */
export function otherFaults(faults: readonly FieldFault[], shown: readonly Path[]): readonly FieldFault[] {
  return faults.filter((fault) => shown.every((path) => faultsAt([fault], path).length === 0));
}
