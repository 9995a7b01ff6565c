/** Fills Secrets of type `kubernetes.io/service-account-token`, and removes those whose account is gone. */
import type { Secret, ServiceAccount } from '@slipway/kube/api.generated';
import type { Controller, Plan } from '@slipway/kube/controller';
import { runController, source, type RunningController } from '@slipway/kube/controller-runtime';
import { Informer } from '@slipway/kube/informer';
import { keyOf, type ObjectKey } from '@slipway/kube/object';
import { secrets, serviceAccounts } from '@slipway/kube/resources';
import { isStatusReason } from '@slipway/kube/status-error';
import type { LateContext } from '../controller-context.ts';
import { accountNameAnnotation, accountUidAnnotation, byAccount } from './account-secret.ts';
import {
  encode,
  reconcileAccountSecret,
  type AccountSecretAction,
  type AccountSecretObserved,
} from './reconcile-account-secret.ts';

export function startAccountTokenController(context: LateContext): RunningController {
  const { accountSecrets } = context.informers;
  const accounts = new Informer<ServiceAccount>({ ...context, type: serviceAccounts, metadataOnly: true });
  const running = runController(new AccountTokenController(context), {
    ...context,
    workers: 1,
    sources: [
      source(accountSecrets, ({ current }) => (current === undefined ? [] : [keyOf(current)])),
      // Nobody writes to the Secrets of an account that goes.
      source(accounts, ({ old, current }) => {
        const { namespace = '', name = '' } = (current ?? old)?.metadata ?? {};
        return accountSecrets.byIndex(byAccount, `${namespace}/${name}`).map(keyOf);
      }),
    ],
  });
  accounts.start(context.signal);
  return running;
}

class AccountTokenController implements Controller<AccountSecretObserved, AccountSecretAction> {
  readonly name = 'serviceaccount-token';
  readonly #context: LateContext;

  constructor(context: LateContext) {
    this.#context = context;
  }

  async observe(key: ObjectKey): Promise<AccountSecretObserved | undefined> {
    const { informers, certificateAuthority } = this.#context;
    const secret = informers.accountSecrets.get(key);
    if (secret === undefined) return undefined;
    const name = secret.metadata.annotations?.[accountNameAnnotation] ?? '';
    const account = await this.#accountNow({ namespace: key.namespace, name });
    return { secret, account, certificateAuthority };
  }

  /** Asks the API itself: a Secret may come just after its account, and one that goes for nothing was somebody's. */
  async #accountNow(key: ObjectKey): Promise<ServiceAccount | undefined> {
    try {
      return await this.#context.client.get(serviceAccounts, key);
    } catch (error) {
      if (isStatusReason(error, 'NotFound')) return undefined;
      throw error;
    }
  }

  reconcile(observed: AccountSecretObserved): Plan<AccountSecretAction> {
    return reconcileAccountSecret(observed);
  }

  async apply({ actions }: Plan<AccountSecretAction>, { secret }: AccountSecretObserved): Promise<void> {
    const { client } = this.#context;
    const { uid, resourceVersion } = secret.metadata;
    for (const action of actions) {
      if (action.kind === 'delete')
        await client.delete(secrets, keyOf(secret), { preconditions: { uid, resourceVersion } });
      else await this.#fill(secret, action);
    }
  }

  async #fill(secret: Secret, { needsToken, accountUid, data }: Extract<AccountSecretAction, { kind: 'fill' }>) {
    const { client, issueForSecret } = this.#context;
    const { name = '', namespace = '', uid, resourceVersion, annotations } = secret.metadata;
    const account = { name: annotations?.[accountNameAnnotation] ?? '', uid: accountUid };
    const token = needsToken ? { token: encode(await issueForSecret({ namespace, account, secret: name })) } : {};
    const metadata = { uid, resourceVersion, annotations: { [accountUidAnnotation]: accountUid } };
    await client.patch(secrets, keyOf(secret), { type: 'merge', body: { metadata, data: { ...data, ...token } } });
  }
}
