import { generateKeyPairSync } from 'node:crypto';
import { setMaxListeners } from 'node:events';
import type { Logger } from 'pino';
import { systemClock, type Clock } from '../../objects/clock.js';
import type { FrontProxy } from '../auth/credentials.js';
import { createAuthenticator, type Authenticator, type TokenCheck } from '../auth/authenticator.js';
import { mastersFirst, type Authorizer } from '../auth/authorizer.js';
import { Rbac } from '../auth/rbac/rbac.js';
import { ISSUER, ServiceAccountTokens, type ReadObject } from '../auth/service-account-tokens.js';
import type { KubeObject } from '../../objects/object.js';
import type { Client } from '../client/client.js';
import type { Store } from '../store/store.js';
import { createFlowControl } from './bootstrap-flow-control.js';
import { createDefaultRoles } from './bootstrap-roles.js';
import {
  createNamespaces,
  publishFrontProxy,
  publishServer,
  publishServiceRange,
  type Endpoint,
} from './bootstrap-objects.js';
import { Aggregator } from './aggregation/aggregator.js';
import { componentStatuses } from './computed/computed-resources.js';
import { kubeletMetrics } from './computed/kubelet-metrics.js';
import type { KubeletAccess } from './http/connect/kubelet-endpoint.js';
import { rulesForAll } from './custom/custom-rules.js';
import { followDefinitions, serveStoredDefinitions } from './custom/custom-resources.js';
import { InProcessClient } from './in-process-client.js';
import type { Machinery } from './operations/machinery.js';
import { Pipeline } from './operations/pipeline.js';
import type { AdmissionPlugin } from './plugins/admission-plugin.js';
import { AddressRange } from './plugins/address-range.js';
import { certificateRequests } from './plugins/certificate-requests.js';
import { nodeTaint } from './plugins/node-taint.js';
import { namespaceLifecycle } from './plugins/namespace-lifecycle.js';
import { serviceAccountAdmission } from './plugins/service-account.js';
import { quotaReservations } from './plugins/quota-reservation.js';
import { roleEscalation } from './plugins/role-escalation.js';
import { podSecurity } from './plugins/pod-security.js';
import { priorityAdmission } from './plugins/priority.js';
import { storageProtection } from './plugins/storage-protection.js';
import { limitRanger } from './plugins/limit-ranger.js';
import { customWarnings } from './custom/definition-warnings.js';
import { defaultTolerations } from './plugins/default-tolerations.js';
import { runtimeClassAdmission } from './plugins/runtime-class.js';
import { defaultIngressClass } from './plugins/default-ingress-class.js';
import { volumePhase } from './plugins/volume-phase.js';
import { claimResize } from './plugins/claim-resize.js';
import { topologyLabels } from './plugins/topology-labels.js';
import { defaultStorageClass } from './plugins/default-storage-class.js';
import { noAllocations, serviceAllocations } from './plugins/service-allocation.js';
import type { UserInfo } from '../auth/user.js';
import { heldRules, reviews } from './subresources/reviews.js';
import { tokenRequest } from './subresources/token-request.js';
import { validatingPolicies, type PolicySource } from './policies/validating-policies.js';
import { mutatingWebhooks, validatingWebhooks } from './webhooks/admission-webhooks.js';
import { keepApiServices } from './registration/keep-api-services.js';
import { ResourceRegistry } from './resource-registry.js';
import { builtinRules } from './operations/builtin-rules.js';
import { convertObject } from './operations/conversion.js';

export type PluginName =
  | 'NamespaceLifecycle'
  | 'LimitRanger'
  | 'ServiceAccount'
  | 'PodSecurity'
  | 'Priority'
  | 'DefaultTolerationSeconds'
  | 'TaintNodesByCondition'
  | 'DefaultStorageClass'
  | 'PersistentVolumeClaimResize'
  | 'RuntimeClass'
  | 'DefaultIngressClass'
  | 'PodTopologyLabels'
  | 'MutatingAdmissionWebhook'
  | 'ValidatingAdmissionPolicy'
  | 'ValidatingAdmissionWebhook'
  | 'ResourceQuota';

export interface ApiOptions {
  readonly store: Store;
  readonly log: Logger;
  readonly clock?: Clock;
  /** Addresses of Services. Default `10.96.0.0/16`. */
  readonly serviceCidr?: string;
  /** Default 30000 to 32767. */
  readonly nodePorts?: { readonly first: number; readonly last: number };
  /** Admission plugins that are left out. */
  readonly disabledPlugins?: readonly PluginName[];
  /** Who may do what, beside the members of `system:masters`. Default: what Roles and their bindings allow. */
  readonly authorize?: Authorizer;
  /** Signs the tokens of service accounts; PEM. Without it a key is made that lasts as long as the process. */
  readonly serviceAccountKey?: string;
  /** How to reach kubelets; without it there are no logs, streams and metrics. */
  readonly kubelets?: KubeletAccess;
  /** By what aggregated servers know this one; without it they are asked by nobody in particular. */
  readonly frontProxy?: FrontProxy;
  /** PEM: who signs the certificates of clients, for aggregated servers that take those as well. */
  readonly clientAuthority?: string;
  /** The user of a bearer token that is no service account's. */
  readonly tokenChecks?: readonly TokenCheck[];
}

/** The API server's core, without the network. */
export interface Api {
  readonly registry: ResourceRegistry;
  readonly pipeline: Pipeline;
  /** Knows the tokens of service accounts, those that it was told of, and client certificates. */
  readonly authenticator: Authenticator;
  readonly tokens: ServiceAccountTokens;
  /** Decides about what is no object: paths, and whom somebody acts as. */
  readonly authorize: Authorizer;
  readonly kubelets: KubeletAccess | undefined;
  /** Knows the group versions that other servers answer. */
  readonly aggregator: Aggregator;
  /**
   * A client in this process. Default user: the server itself, who may do everything. The user agent, up to its first
   * slash, owns the fields of objects that the client writes without naming a field manager; default `fairlead`.
   */
  client(user?: UserInfo, userAgent?: string): Client;
  /** Makes the permanent objects and serves the custom resources until the signal fires. */
  start(signal: AbortSignal): Promise<void>;
  /** Tells pods where the server is: the `kubernetes` Service of the namespace `default`. */
  publish(endpoint: Endpoint): Promise<void>;
}

/** The server acting on its own behalf. */
export const SYSTEM_USER: UserInfo = { name: 'system:apiserver', groups: ['system:masters', 'system:authenticated'] };

/** What the server writes by itself is owned as Kubernetes' server owns it. */
const SERVER_AGENT = 'kube-apiserver';

export const createApi = (options: ApiOptions): Api => {
  const { store, log, clock = systemClock } = options;
  const serviceCidr = options.serviceCidr ?? '10.96.0.0/16';
  const registry = new ResourceRegistry();
  const rbac = new Rbac(store);
  const authorize = mastersFirst(options.authorize ?? rbac.authorize);
  const machinery: Machinery = {
    store,
    clock,
    log,
    registry,
    rules: rulesForAll(builtinRules),
    plugins: [
      ...pluginsOf(options, () => ({ ...machinery, authorize })),
      roleEscalation(rbac, authorize),
      certificateRequests(authorize, clock),
      volumePhase(clock),
    ],
    allocations: serviceAllocations(store, {
      serviceCidr,
      nodePorts: options.nodePorts ?? { first: 30_000, last: 32_767 },
    }),
    quotas:
      options.disabledPlugins?.includes('ResourceQuota') === true
        ? noAllocations
        : quotaReservations(store, () => registry.all),
    convert: (object, apiVersion, resource) => convertObject(store, object, apiVersion, resource),
  };
  serveStoredDefinitions(machinery);
  const key = options.serviceAccountKey ?? newSigningKey();
  const tokens = new ServiceAccountTokens(key, coreReader(store), clock);
  const authenticator = createAuthenticator([...(options.tokenChecks ?? []), byAccount(tokens)]);
  const rulesOf = options.authorize === undefined ? heldRules(rbac) : undefined;
  const answers = reviews({ authorize, authenticator, tokens, rulesOf });
  const posts = { '/serviceaccounts/token': tokenRequest(tokens), ...answers };
  const computed = {
    '/componentstatuses': componentStatuses,
    ...(options.kubelets === undefined ? NO_METRICS : kubeletMetrics(store, options.kubelets, log)),
  };
  const aggregator = new Aggregator(store, registry, options.frontProxy?.client);
  const pipeline = new Pipeline(machinery, authorize, posts, computed);
  const client = (user: UserInfo = SYSTEM_USER, userAgent = 'fairlead'): Client =>
    new InProcessClient(pipeline, registry, user, userAgent);
  return {
    registry,
    pipeline,
    authenticator,
    tokens,
    authorize,
    kubelets: options.kubelets,
    aggregator,
    client,
    start: async (signal) => {
      setMaxListeners(0, signal);
      const own = client(SYSTEM_USER, SERVER_AGENT);
      await createNamespaces(own);
      await createDefaultRoles(own);
      await createFlowControl(own, machinery.clock);
      await publishServiceRange(own, serviceCidr, machinery.clock.now());
      const { frontProxy, clientAuthority = '' } = options;
      if (frontProxy !== undefined) await publishFrontProxy(own, frontProxy.authority.certificate, clientAuthority);
      await keepApiServices({ ...machinery, aggregator }, own, signal);
      rbac.follow(signal).catch((error: unknown) => {
        if (!signal.aborted) log.warn({ err: error }, 'Roles are looked up at every change from now on');
      });
      const context = { user: SYSTEM_USER, userAgent: SERVER_AGENT, signal, warnings: [] };
      followDefinitions(machinery, own, context).catch((error: unknown) => {
        if (!signal.aborted) log.error({ err: error }, 'custom resources are no longer followed');
      });
    },
    publish: async (endpoint) =>
      publishServer(client(SYSTEM_USER, SERVER_AGENT), new AddressRange(serviceCidr).first, endpoint),
  };
};

/** The service accounts whose tokens are made for this server. */
const byAccount =
  (tokens: ServiceAccountTokens): TokenCheck =>
  async (token) => {
    const account = await tokens.check(token);
    return account?.audiences.includes(ISSUER) === true ? account.user : undefined;
  };

const noMetrics = (): Promise<readonly KubeObject[]> => Promise.resolve([]);
const NO_METRICS = { 'metrics.k8s.io/nodes': noMetrics, 'metrics.k8s.io/pods': noMetrics };

const newSigningKey = (): string =>
  generateKeyPairSync('ec', { namedCurve: 'P-256' }).privateKey.export({ type: 'pkcs8', format: 'pem' }).toString();

const coreReader =
  (store: Store): ReadObject =>
  (plural, namespace, name) =>
    store.get(`/registry/core/${plural}/${namespace === undefined ? '' : `${namespace}/`}${name}`)?.object;

const pluginsOf = (
  { store, disabledPlugins = [] }: ApiOptions,
  source: () => PolicySource,
): readonly AdmissionPlugin[] =>
  [
    namespaceLifecycle(store),
    limitRanger(store),
    serviceAccountAdmission(store),
    nodeTaint,
    podSecurity(store),
    priorityAdmission(store),
    defaultTolerations,
    defaultStorageClass(store),
    storageProtection,
    claimResize(store),
    runtimeClassAdmission(store),
    defaultIngressClass(store),
    topologyLabels(store),
    mutatingWebhooks(source),
    validatingPolicies(source),
    validatingWebhooks(source),
    customWarnings,
  ].filter(({ name }) => !disabledPlugins.some((disabled) => disabled === name));
