import { isApiError } from '../../../objects/api-error.js';
import { Secret, ServiceAccount } from '../../../objects/kinds/core-v1.js';
import { keyOf, type KubeObject, type ObjectKey } from '../../../objects/object.js';
import { DONE, type Controller, type Outcome } from '../../client/controller.js';
import type { Client } from '../../client/client.js';
import type { Informer } from '../../client/informer.js';
import type { SecretTokenGrant } from '../../auth/service-account-tokens.js';
import type { ControllerDeps } from '../controller-deps.js';

const TYPE = 'kubernetes.io/service-account-token';
const ACCOUNT = 'kubernetes.io/service-account.name';
const ACCOUNT_UID = 'kubernetes.io/service-account.uid';

export interface TokenSecretOptions {
  /** Signs a token that never ends. */
  readonly issue: (grant: SecretTokenGrant) => Promise<string>;
  /** The certificate (PEM) that the API server is checked with. */
  readonly rootCa: string | undefined;
}

/**
 * Fills in the Secrets of type `kubernetes.io/service-account-token` that name an account: token, certificate and
 * namespace. They go with their account, and the account forgets those that are gone.
 */
export const createTokenSecretController = (deps: ControllerDeps, options: TokenSecretOptions): Controller =>
  new TokenSecretController(deps, options);

class TokenSecretController implements Controller {
  readonly name = 'serviceaccount-token';
  readonly watches;
  readonly #client: Client;
  readonly #secrets: Informer<Secret>;
  readonly #accounts: Informer<ServiceAccount>;

  constructor(
    { client, informers }: ControllerDeps,
    private readonly options: TokenSecretOptions,
  ) {
    this.#client = client;
    this.#accounts = informers.informer(ServiceAccount);
    this.#secrets = informers.informer(Secret, { fieldSelector: `type=${TYPE}` });
    this.watches = [{ kind: ServiceAccount, keys: (account: KubeObject) => this.#secretsOf(account).map(keyOf) }];
  }

  async source(enqueue: (key: ObjectKey) => void, signal: AbortSignal): Promise<void> {
    const unsubscribe = this.#secrets.onEvent(({ object }) => enqueue(keyOf(object)));
    signal.addEventListener('abort', unsubscribe, { once: true });
  }

  async reconcile(key: ObjectKey): Promise<Outcome> {
    const secret = this.#secrets.get(key);
    if (secret === undefined) {
      await this.#forget(key);
      return DONE;
    }
    if (secret.metadata.deletionTimestamp !== undefined || secret.type !== TYPE) return DONE;
    const account = await this.#accountOf(secret);
    if (account === undefined) {
      const { uid } = secret.metadata;
      await this.#client.delete(Secret, key, { preconditions: uid === undefined ? {} : { uid } });
      return DONE;
    }
    const filled = await this.#filled(secret, account);
    if (filled !== secret) await this.#client.update(filled);
    return DONE;
  }

  #secretsOf({ metadata }: KubeObject): readonly Secret[] {
    return this.#secrets
      .list(metadata.namespace)
      .filter((secret) => secret.metadata.annotations?.[ACCOUNT] === metadata.name);
  }

  /** The account that the Secret is for; a lagging informer is no reason to delete the Secret. */
  async #accountOf({ metadata }: Secret): Promise<ServiceAccount | undefined> {
    const key = {
      ...keyOf({ apiVersion: 'v1', kind: 'ServiceAccount', metadata }),
      name: metadata.annotations?.[ACCOUNT] ?? '',
    };
    if (key.name === '') return undefined;
    const uid = metadata.annotations?.[ACCOUNT_UID] ?? '';
    const isMeant = (account: ServiceAccount | undefined): boolean =>
      account !== undefined && (uid === '' || account.metadata.uid === uid);
    const known = this.#accounts.get(key);
    if (isMeant(known)) return known;
    const stored = await this.#client.get(ServiceAccount, key);
    return isMeant(stored) ? stored : undefined;
  }

  async #filled(secret: Secret, { metadata }: ServiceAccount): Promise<Secret> {
    const { namespace = '', name } = secret.metadata;
    const uid = metadata.uid ?? '';
    const { rootCa } = this.options;
    const known = secret.data ?? {};
    const wanted: Record<string, string> = { ...known, namespace: base64(namespace) };
    if (rootCa !== undefined) wanted['ca.crt'] = base64(rootCa);
    if ((known['token'] ?? '') === '') {
      const account = { name: metadata.name, uid };
      wanted['token'] = base64(await this.options.issue({ namespace, account, secret: name }));
    }
    const annotations = { ...secret.metadata.annotations, [ACCOUNT]: metadata.name, [ACCOUNT_UID]: uid };
    const isFilled =
      secret.metadata.annotations?.[ACCOUNT_UID] === uid &&
      Object.entries(wanted).every(([key, value]) => known[key] === value);
    return isFilled ? secret : { ...secret, metadata: { ...secret.metadata, annotations }, data: wanted };
  }

  /** Accounts no longer list a Secret that is gone. */
  async #forget({ namespace, name }: ObjectKey): Promise<void> {
    for (const account of this.#accounts.list(namespace)) {
      const secrets = account.secrets?.filter((reference) => reference.name !== name);
      if (secrets === undefined || secrets.length === account.secrets?.length) continue;
      try {
        await this.#client.update<ServiceAccount>({ ...account, secrets });
      } catch (error) {
        if (!isApiError(error, 'NotFound')) throw error;
      }
    }
  }
}

const base64 = (text: string): string => Buffer.from(text).toString('base64');
