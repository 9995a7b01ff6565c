import type { Secret, ServiceAccount } from '@slipway/kube/api.generated';
import type { Plan } from '@slipway/kube/controller';
import { accountUidAnnotation } from './account-secret.ts';

export interface AccountSecretObserved {
  readonly secret: Secret;
  /** That the Secret names; undefined where there is none. */
  readonly account: ServiceAccount | undefined;
  /** In PEM form. */
  readonly certificateAuthority: string;
}

export type AccountSecretAction =
  | { readonly kind: 'delete' }
  /** With a token of the account, unless the Secret has one already. */
  | {
      readonly kind: 'fill';
      readonly needsToken: boolean;
      readonly accountUid: string;
      /** In base64, as a Secret has it. */
      readonly data: Readonly<Record<string, string>>;
    };

/** A Secret without its account, or of an earlier one of that name, goes; what one lacks is put into it. */
export function reconcileAccountSecret(observed: AccountSecretObserved): Plan<AccountSecretAction> {
  const { secret, account, certificateAuthority } = observed;
  if (secret.metadata.deletionTimestamp !== undefined) return { actions: [] };
  const uid = account?.metadata.uid ?? '';
  const { [accountUidAnnotation]: wanted = '' } = secret.metadata.annotations ?? {};
  if (account === undefined || (wanted !== '' && wanted !== uid)) return { actions: [{ kind: 'delete' }] };
  // What nobody may change is not tried again and again.
  if (secret.immutable === true) return { actions: [] };
  const { data = {} } = secret;
  const authority = encode(certificateAuthority);
  const namespace = data['namespace'] ?? encode(secret.metadata.namespace ?? '');
  const needsToken = (data['token'] ?? '') === '';
  const isComplete = !needsToken && data['ca.crt'] === authority && data['namespace'] === namespace && wanted === uid;
  if (isComplete) return { actions: [] };
  return { actions: [{ kind: 'fill', needsToken, accountUid: uid, data: { 'ca.crt': authority, namespace } }] };
}

export function encode(text: string): string {
  return Buffer.from(text).toString('base64');
}
