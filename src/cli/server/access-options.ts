import { readFileSync } from 'node:fs';
import type { ApiOptions, PluginName } from '../../cluster/api/api.js';
import { ADMIN_USER, staticToken, type TokenCheck } from '../../cluster/auth/authenticator.js';
import { allowAuthenticated } from '../../cluster/auth/authorizer.js';
import { tokensOfFile } from '../../cluster/auth/token-file.js';
import { CommandFailure } from '../exit-statuses.js';

/** Who may come in, who may do what, and what is changed or refused on the way. */
export interface AccessOptions {
  /** Admission plugins that are left out. Names of plugins that there are none of change nothing. */
  readonly disabledPlugins?: readonly string[];
  /** `AlwaysAllow`: whoever has shown a credential may do everything. Default: what Roles and their bindings allow. */
  readonly authorizationMode?: 'RBAC' | 'AlwaysAllow';
  /** A file of bearer tokens beside the administrator's: see `tokensOfFile`. */
  readonly tokenFile?: string;
  /** A file of certificates (PEM): authorities whose client certificates are believed beside the server's own. */
  readonly clientAuthorityFile?: string;
}

const PLUGINS: Readonly<Record<PluginName, true>> = {
  NamespaceLifecycle: true,
  LimitRanger: true,
  ServiceAccount: true,
  PodSecurity: true,
  Priority: true,
  DefaultTolerationSeconds: true,
  TaintNodesByCondition: true,
  DefaultStorageClass: true,
  PersistentVolumeClaimResize: true,
  RuntimeClass: true,
  DefaultIngressClass: true,
  PodTopologyLabels: true,
  MutatingAdmissionWebhook: true,
  ValidatingAdmissionPolicy: true,
  ValidatingAdmissionWebhook: true,
  ResourceQuota: true,
};

const isPlugin = (name: string): name is PluginName => Object.hasOwn(PLUGINS, name);

/** What these options mean for the API. */
export const accessOf = (
  { disabledPlugins = [], authorizationMode, tokenFile }: AccessOptions,
  adminToken: string,
): Pick<ApiOptions, 'tokenChecks' | 'disabledPlugins' | 'authorize'> => ({
  tokenChecks: [staticToken(adminToken, ADMIN_USER), ...readTokens(tokenFile)],
  disabledPlugins: disabledPlugins.filter(isPlugin),
  ...(authorizationMode === 'AlwaysAllow' && { authorize: allowAuthenticated }),
});

/** The authorities of that file, as PEM. */
export const clientAuthoritiesOf = ({ clientAuthorityFile: file }: AccessOptions): string | undefined => {
  if (file === undefined) return undefined;
  try {
    const text = readFileSync(file, 'utf8');
    if (!text.includes('-----BEGIN CERTIFICATE-----')) throw new Error('it holds no certificate');
    return text;
  } catch (error) {
    throw new CommandFailure(`Cannot read the authorities in ${file}: ${(error as Error).message}`);
  }
};

const readTokens = (file: string | undefined): readonly TokenCheck[] => {
  if (file === undefined) return [];
  try {
    return tokensOfFile(readFileSync(file, 'utf8'));
  } catch (error) {
    throw new CommandFailure(`Cannot read the tokens in ${file}: ${(error as Error).message}`);
  }
};
