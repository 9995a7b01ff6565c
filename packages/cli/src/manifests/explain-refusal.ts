/** What an API server has against a manifest, in words for whoever wrote it. */
import { explainType } from '@slipway/delivery/api/explain-type';
import { isStatusReason, StatusError } from '@slipway/kube/status-error';
import { CommandFailure, usageFailure } from '../failure.ts';
import type { Manifest } from './manifest.ts';

/** Which kind it was is in the manifest that is named before. */
const preamble = /^\S+ in version "\S+" cannot be handled as a \S+: (?=strict decoding error)/;
const unknown = /unknown field "([^"]+)"/;

/** What a manifest that was tried or applied has failed with, in words for whoever wrote it. What no server said stays as it is. */
export function explainFailure(error: unknown, { source, object }: Manifest, namespace = ''): unknown {
  if (!(error instanceof StatusError)) return error;
  const { message, details } = error;
  const isNamespaceMissing = isStatusReason(error, 'NotFound') && details?.kind === 'namespaces';
  if (isStatusReason(error, 'Invalid', 'BadRequest'))
    return usageFailure(`${source}: ${explainRefusal(message, object.kind ?? '')}`, error);
  const advice = isNamespaceMissing ? [`Create it with: kubectl create namespace ${namespace}`] : [];
  return new CommandFailure([`${source}: ${message}`, ...advice].join('\n'), { cause: error });
}

/** Nothing is decided by the text, only said better; what is not known stays as the server said it. */
export function explainRefusal(message: string, kind: string): string {
  const unfit = explainType(message);
  return [
    unfit === undefined ? message.replace(preamble, '') : `${unfit.field}: ${unfit.message}`,
    `Nothing was changed. What fields there are: kubectl explain ${fieldOf(message, kind)}`,
  ].join('\n');
}

/** The field in which the fault is, as kubectl names it: `application.spec.strategy`. */
function fieldOf(message: string, kind: string): string {
  const path = unknown.exec(message)?.[1] ?? explainType(message)?.field ?? 'spec.';
  const parents = path
    .replaceAll(/\[[^\]]*\]/g, '')
    .split('.')
    .slice(0, -1);
  return [kind.toLowerCase(), ...parents].join('.');
}
