import type { SecureContext } from 'node:tls';
import { createSecureContext } from 'node:tls';
import type { Logger } from 'pino';
import type { Informer } from '../../../cluster/client/informer.js';
import type { Secret } from '../../../objects/kinds/core-v1.js';
import type { Ingress } from '../../../objects/kinds/networking-k8s-io-v1.js';

/** Picks the certificate for a host from the Secrets that the Ingresses name. */
export class Certificates {
  readonly #secrets: Informer<Secret>;
  readonly #log: Logger;
  readonly #contexts = new Map<string, { readonly version: string | undefined; readonly context: SecureContext }>();
  #secretOfHost: ReadonlyMap<string, string> = new Map();

  constructor(secrets: Informer<Secret>, log: Logger) {
    this.#secrets = secrets;
    this.#log = log;
  }

  /** Takes over which Secret holds the certificate of which host. */
  update(ingresses: readonly Ingress[]): void {
    const secretOfHost = new Map<string, string>();
    for (const { metadata, spec } of ingresses) {
      for (const { hosts = [], secretName } of spec.tls ?? []) {
        if (secretName === undefined) continue;
        for (const host of hosts.length > 0 ? hosts : ['']) {
          const key = host.toLowerCase();
          if (!secretOfHost.has(key)) secretOfHost.set(key, `${metadata.namespace ?? 'default'}/${secretName}`);
        }
      }
    }
    this.#secretOfHost = secretOfHost;
    const used = new Set(secretOfHost.values());
    for (const key of this.#contexts.keys()) if (!used.has(key)) this.#contexts.delete(key);
  }

  /** The certificate for a host; undefined when there is none, or it cannot be read. */
  contextFor(host: string): SecureContext | undefined {
    const name = host.toLowerCase();
    const dot = name.indexOf('.');
    const key =
      this.#secretOfHost.get(name) ??
      (dot > 0 ? this.#secretOfHost.get(`*${name.slice(dot)}`) : undefined) ??
      this.#secretOfHost.get('');
    const [namespace = '', secretName = ''] = key?.split('/') ?? [];
    const secret = key === undefined ? undefined : this.#secrets.get({ namespace, name: secretName });
    if (key === undefined || secret === undefined) return undefined;
    const version = secret.metadata.resourceVersion;
    const present = this.#contexts.get(key);
    if (present !== undefined && present.version === version) return present.context;
    try {
      const decode = (field: string): Buffer => Buffer.from(secret.data?.[field] ?? '', 'base64');
      const context = createSecureContext({ cert: decode('tls.crt'), key: decode('tls.key') });
      this.#contexts.set(key, { version, context });
      return context;
    } catch (error) {
      // The message only: an error of the library may quote what it could not read.
      this.#log.warn({ secret: key, reason: (error as Error).message }, 'cannot use the certificate in a Secret');
      return undefined;
    }
  }
}
