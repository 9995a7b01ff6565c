import { isStatusReason, StatusError } from '@slipway/kube/status-error';
import { CommandFailure, exitCodes } from './failure.ts';
import { describeSystemError, isSystemError } from './system-error.ts';

export interface ErrorReport {
  readonly text: string;
  readonly exitCode: number;
}

/** What a person is told of an error that ended the command. Only a fault of ours shows where it happened. */
export function describeError(error: unknown): ErrorReport {
  if (error instanceof CommandFailure) return { text: error.message, exitCode: error.exitCode };
  if (error instanceof StatusError)
    return {
      text: [describeStatus(error), ...adviceFor(error)].join('\n'),
      exitCode: isStatusReason(error, 'Invalid', 'BadRequest') ? exitCodes.usage : exitCodes.failure,
    };
  if (isSystemError(error))
    return { text: `${error.path ?? 'This machine'}: ${describeSystemError(error)}.`, exitCode: exitCodes.failure };
  return { text: `slipway failed unexpectedly: ${traceOf(error)}`, exitCode: exitCodes.failure };
}

/** With what it is made of: a sum says nothing by itself. */
function traceOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  const parts: readonly unknown[] = error instanceof AggregateError ? error.errors : [];
  return [error.stack ?? error.message, ...parts.map(traceOf)].join('\n');
}

function describeStatus(error: StatusError): string {
  const causes = error.details?.causes ?? [];
  if (causes.length < 2) return error.message;
  return [error.message, ...causes.map((cause) => `  ${cause.field ?? ''}: ${cause.message}`)].join('\n');
}

const untrusted = ['SELF_SIGNED_CERT_IN_CHAIN', 'DEPTH_ZERO_SELF_SIGNED_CERT', 'UNABLE_TO_VERIFY_LEAF_SIGNATURE'];
const another = 'Name another one with --kubeconfig FILE or --context NAME.';

/** Whether the server is not the one whose authority the kubeconfig names: trying again does not help. */
export function isUntrusted(error: StatusError): boolean {
  return untrusted.includes(codeOf(error));
}

/** Of the failed call to the system, if that is what the error comes from. */
function codeOf({ cause }: StatusError): string {
  return cause instanceof Error && 'code' in cause ? String(cause.code) : '';
}

/** What to do about a server that was not reached, or does not know us. */
function adviceFor(error: StatusError): readonly string[] {
  if (isUntrusted(error))
    return [`The kubeconfig is of another cluster: its authority has not signed this server's certificate. ${another}`];
  if (isStatusReason(error, 'Unauthorized'))
    return [`The kubeconfig is of another cluster, or its credentials have expired. ${another}`];
  if (isStatusReason(error, 'ServiceUnavailable') && codeOf(error) !== '')
    return [`Does the cluster run? (slipway status, slipway up) ${another}`];
  return [];
}
