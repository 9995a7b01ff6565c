/** What is wrong with the order in which an Application is to be released. */
import type { StatusCause } from '@slipway/kube/status-error';
import type { Application } from '../api/application.ts';
import type { Observation } from '../observation.ts';
import { predecessorsOf } from './companions.ts';

const field = 'spec.dependsOn';

/** What can be seen without the others. */
export function validateDependencies({ metadata, spec }: Application): readonly StatusCause[] {
  const names = spec.dependsOn ?? [];
  const twice = new Set(names.filter((name, index) => names.indexOf(name) !== index));
  const own = metadata.name ?? '';
  return [
    ...(names.includes(own)
      ? [fault(`"${own}" is the Application itself, which cannot wait for itself: remove it`)]
      : []),
    ...[...twice].map((name) => fault(`"${name}" is named twice: name it once`)),
  ];
}

/** Those that wait for each other would do so for ever. */
export function validateOrder({ application, companions }: Observation): readonly StatusCause[] {
  const { cycle, groups } = companions;
  if (cycle === undefined) return [];
  // What it waits for may be what a group says, and nothing of its own.
  const because = predecessorsOf(application, groups).find(({ name }) => name === cycle[1])?.because;
  return [{ ...fault(describeCycle(cycle)), field: because ?? field }];
}

/** `shop -> db -> shop is a cycle, …` */
export function describeCycle(cycle: readonly string[]): string {
  return `${cycle.join(' -> ')} is a cycle, in which each waits for the next: none of them is released before one of these is taken out`;
}

function fault(message: string): StatusCause {
  return { reason: 'FieldValueInvalid', field, message };
}
