import type { Controller } from '../client/controller.js';
import type { ControllerDeps } from './controller-deps.js';
import type { KeyedCertificate } from '../auth/certificates.js';
import { createPolicyTypeController } from './admission-policy/policy-type-controller.js';
import { createRequestCleaner } from './certificates/request-cleaner.js';
import { createSigningController } from './certificates/signing-controller.js';
import { createClusterRoleAggregation } from './cluster-role/aggregation-controller.js';
import { createCronJobController } from './cron-job/cron-job-controller.js';
import { createDaemonSetController } from './daemon-set/daemon-set-controller.js';
import { createDeploymentController } from './deployment/deployment-controller.js';
import { createDisruptionController } from './disruption/disruption-controller.js';
import { createEndpointSliceController } from './endpoint-slice/endpoint-slice-controller.js';
import { createSliceMirroringController } from './endpoint-slice/mirroring-controller.js';
import { createEventExpiry } from './events/event-expiry.js';
import { createFlowSchemaController } from './flow-control/flow-schema-controller.js';
import { createGarbageCollector } from './garbage-collector/garbage-collector.js';
import { createAutoscalerController } from './horizontal-autoscaler/autoscaler-controller.js';
import { createJobController } from './job/job-controller.js';
import { createTtlController } from './job/ttl-controller.js';
import { createNamespaceController } from './namespace/namespace-controller.js';
import { createNodeTtlController } from './node-ttl/node-ttl-controller.js';
import { createNodeLifecycleController } from './node-lifecycle/node-lifecycle-controller.js';
import { createClaimController } from './persistent-volume/claim-controller.js';
import { createEphemeralClaimController } from './persistent-volume/ephemeral-claim-controller.js';
import {
  createClaimProtectionController,
  createVolumeProtectionController,
} from './persistent-volume/protection-controller.js';
import { createVolumeController } from './persistent-volume/volume-controller.js';
import { createPodGcController } from './pod-gc/pod-gc-controller.js';
import {
  createReplicaSetController,
  createReplicationControllerController,
} from './replica-set/replica-set-controller.js';
import { createResourceQuotaController } from './resource-quota/resource-quota-controller.js';
import { createRootCaController } from './service-account/root-ca-controller.js';
import { createServiceAccountController } from './service-account/service-account-controller.js';
import { createTokenSecretController, type TokenSecretOptions } from './service-account/token-secret-controller.js';
import { createStatefulSetController } from './stateful-set/stateful-set-controller.js';
import { createTaintEvictionController } from './taint-eviction/taint-eviction-controller.js';

/** What some controllers need besides what all get. */
export interface ControllerOptions {
  /** The certificate (PEM) that pods check the API server with; without it no `kube-root-ca.crt` is published. */
  readonly rootCa?: string;
  /** Signs the certificates that are asked for and approved; without it nobody does. */
  readonly signer?: KeyedCertificate;
  /** Signs the tokens that Secrets hold; without it they stay empty. */
  readonly secretTokens?: TokenSecretOptions['issue'];
  /** The folder for volumes that claims of the class `local-path` get; without it there is no such class. */
  readonly volumeFolder?: string;
}

type CreateController = (deps: ControllerDeps) => Controller;

const CONTROLLERS: readonly CreateController[] = [
  createNamespaceController,
  createServiceAccountController,
  createDeploymentController,
  createReplicaSetController,
  createReplicationControllerController,
  createStatefulSetController,
  createDaemonSetController,
  createJobController,
  createTtlController,
  createCronJobController,
  createEndpointSliceController,
  createSliceMirroringController,
  createNodeLifecycleController,
  createNodeTtlController,
  createTaintEvictionController,
  createPodGcController,
  createEphemeralClaimController,
  createClaimProtectionController,
  createVolumeProtectionController,
  createDisruptionController,
  createAutoscalerController,
  createResourceQuotaController,
  createClusterRoleAggregation,
  createRequestCleaner,
  createFlowSchemaController,
  createPolicyTypeController,
  createEventExpiry,
  createGarbageCollector,
];

/** The controllers that make a cluster out of an API server. For `runControllers`. */
export const builtinControllers = (deps: ControllerDeps, options: ControllerOptions = {}): Controller[] => [
  ...CONTROLLERS.map((create) => create(deps)),
  createClaimController(deps, options.volumeFolder),
  createVolumeController(deps, options.volumeFolder),
  ...(options.signer === undefined ? [] : [createSigningController(deps, options.signer)]),
  ...(options.secretTokens === undefined
    ? []
    : [createTokenSecretController(deps, { issue: options.secretTokens, rootCa: options.rootCa })]),
  ...(options.rootCa === undefined ? [] : [createRootCaController(deps, options.rootCa)]),
];
