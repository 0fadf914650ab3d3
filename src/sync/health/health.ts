import { groupOf } from '../../objects/kind.js';
import type { KubeObject } from '../../objects/object.js';
import type { HealthStatusCode } from '../applications/application.js';
import { apiServiceHealth } from './api-service.js';
import { applicationHealth } from './application.js';
import { cronJobHealth } from './cron-job.js';
import { customResourceDefinitionHealth } from './custom-resource-definition.js';
import { daemonSetHealth } from './daemon-set.js';
import { deploymentHealth } from './deployment.js';
import { horizontalPodAutoscalerHealth } from './horizontal-pod-autoscaler.js';
import { ingressHealth } from './ingress.js';
import { jobHealth } from './job.js';
import { persistentVolumeClaimHealth } from './persistent-volume-claim.js';
import { podHealth } from './pod.js';
import { replicaSetHealth } from './replica-set.js';
import { serviceHealth } from './service.js';
import { statefulSetHealth } from './stateful-set.js';

/** What a live object's state means. */
export interface Health {
  readonly status: HealthStatusCode;
  readonly message?: string;
}

/** Judges one kind. Every file of this folder exports one. */
export type HealthCheck = (object: KubeObject) => Health;

const HOOK_FINALIZER = 'argocd.argoproj.io/hook-finalizer';

/** Group and kind to its check. A kind that is not here has no health of its own. */
const CHECKS: Readonly<Record<string, HealthCheck | undefined>> = {
  'apps/Deployment': deploymentHealth,
  'apps/StatefulSet': statefulSetHealth,
  'apps/DaemonSet': daemonSetHealth,
  'apps/ReplicaSet': replicaSetHealth,
  '/Pod': podHealth,
  '/Service': serviceHealth,
  '/PersistentVolumeClaim': persistentVolumeClaimHealth,
  'batch/Job': jobHealth,
  'batch/CronJob': cronJobHealth,
  'networking.k8s.io/Ingress': ingressHealth,
  'autoscaling/HorizontalPodAutoscaler': horizontalPodAutoscalerHealth,
  'apiregistration.k8s.io/APIService': apiServiceHealth,
  'apiextensions.k8s.io/CustomResourceDefinition': customResourceDefinitionHealth,
  'argoproj.io/Application': applicationHealth,
};

/** The health of a live object; undefined for kinds without any. */
export const healthOf = (object: KubeObject): Health | undefined => {
  const { deletionTimestamp, finalizers } = object.metadata;
  if (deletionTimestamp !== undefined && finalizers?.includes(HOOK_FINALIZER) !== true) {
    return { status: 'Progressing', message: 'Pending deletion' };
  }
  const check = CHECKS[`${groupOf(object.apiVersion)}/${object.kind}`];
  if (check === undefined) return undefined;
  try {
    return check(object);
  } catch (error) {
    return { status: 'Unknown', message: error instanceof Error ? error.message : String(error) };
  }
};
