import type { Secret } from '@slipway/kube/api.generated';

/** Of Secrets that hold the token of a service account. */
export const accountSecretType = 'kubernetes.io/service-account-token';

export const accountNameAnnotation = 'kubernetes.io/service-account.name';
export const accountUidAnnotation = 'kubernetes.io/service-account.uid';

/** Such Secrets by `namespace/account`. */
export const byAccount = 'account';

export function accountIndex({ metadata }: Secret): readonly string[] {
  return [`${metadata.namespace ?? ''}/${metadata.annotations?.[accountNameAnnotation] ?? ''}`];
}
