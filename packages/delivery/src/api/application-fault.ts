/** What is wrong with an Application, and where: told alike by the command line, the server and whoever else judges one. */
import type { StatusCause } from '@slipway/kube/status-error';

export interface ApplicationFault {
  readonly field: string;
  readonly message: string;
}

const misleading: ReadonlySet<string> = new Set(['FieldValueRequired', 'FieldValueTypeInvalid']);

/** Fields of what is missing, or of another type: that is not what other rules are about. */
export function misleadingFields(causes: readonly StatusCause[]): readonly string[] {
  return causes.filter(({ reason }) => misleading.has(reason)).map(({ field = '' }) => field);
}

/** A field of which something is said already is told once; of spec as a whole there may be several things to say. */
export function withFurther(
  faults: readonly ApplicationFault[],
  further: readonly ApplicationFault[],
): readonly ApplicationFault[] {
  const fields = new Set(faults.map(({ field }) => field).filter((field) => field !== 'spec'));
  return [...faults, ...further.filter(({ field }) => !fields.has(field))];
}
