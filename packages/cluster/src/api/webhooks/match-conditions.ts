import type { MutatingWebhook, ValidatingWebhook } from '@slipway/kube/api.generated';
import { messageOf } from '@slipway/kube/message-of';
import { StatusError } from '@slipway/kube/status-error';
import { conditionScope } from '../../schema/catalog/check-conditions.ts';
import type { ResourceDefinition } from '../../schema/definition.ts';
import type { ExternalWrite, SentObject } from '../external-admission.ts';
import { reviewRequest } from './admission-review.ts';

export interface ConditionSubject {
  readonly write: ExternalWrite;
  readonly object: SentObject | undefined;
  readonly definition: ResourceDefinition;
}

/** https://kubernetes.io/docs/reference/access-authn-authz/extensible-admission-controllers/#matching-requests-matchconditions */
export function meetsConditions(
  { name, matchConditions = [], failurePolicy }: ValidatingWebhook | MutatingWebhook,
  { write, object, definition }: ConditionSubject,
): boolean {
  if (matchConditions.length === 0) return true;
  const request = reviewRequest({ uid: '', write, object, definition });
  const values = { object: object ?? null, oldObject: write.old ?? null, request };
  let fault: unknown;
  for (const condition of matchConditions) {
    try {
      const isMet = conditionScope.compile(condition.expression).evaluate(values);
      if (isMet === false) return false;
      if (isMet !== true) fault ??= new Error(`condition ${JSON.stringify(condition.name)} must give a bool`);
    } catch (error) {
      fault ??= error;
    }
  }
  if (fault === undefined) return true;
  if (failurePolicy === 'Ignore') return false;
  const said = messageOf(fault);
  throw new StatusError(
    'Forbidden',
    `failed to evaluate match conditions of webhook ${JSON.stringify(name)}: ${said}`,
    { cause: fault },
  );
}
