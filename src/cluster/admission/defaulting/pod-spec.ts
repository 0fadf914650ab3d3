import type {
  Container,
  EphemeralContainer,
  LimitRangeItem,
  Pod,
  PodSpec,
  PodTemplateSpec,
  Probe,
  ResourceRequirements,
} from '../../../objects/kinds/core-v1.js';
import { formatQuantity, milliValue, quantityOfMilli, tryParseQuantity } from '../../../objects/quantity.js';
import type { Draft } from './draft.js';
import { defaultPullPolicy } from './pull-policy.js';
import { defaultVolume } from './volumes.js';

type AnyContainer = Draft<Container> | Draft<EphemeralContainer>;

const defaultHttpGet = (action: { path?: string; scheme?: string } | undefined): void => {
  if (action === undefined) return;
  action.path ||= '/';
  action.scheme ||= 'HTTP';
};

const defaultProbe = (probe: Draft<Probe> | undefined): void => {
  if (probe === undefined) return;
  probe.timeoutSeconds ||= 1;
  probe.periodSeconds ||= 10;
  probe.successThreshold ||= 1;
  probe.failureThreshold ||= 3;
  defaultHttpGet(probe.httpGet);
  if (probe.grpc !== undefined) probe.grpc.service ??= '';
};

/** Finer than a thousandth is rounded up: no component counts finer. */
const roundResources = (list: Record<string, string | number> | undefined): void => {
  if (list === undefined) return;
  for (const [name, text] of Object.entries(list)) {
    const quantity = tryParseQuantity(text);
    if (quantity === undefined || quantity.nanos % 1_000_000n === 0n) continue;
    list[name] = formatQuantity({ ...quantityOfMilli(milliValue(quantity)), format: quantity.format });
  }
};

export const defaultResources = (resources: Draft<ResourceRequirements> | undefined): void => {
  roundResources(resources?.limits);
  roundResources(resources?.requests);
};

export const defaultLimitRangeItem = (limit: Draft<LimitRangeItem>): void => {
  if (limit.type !== 'Container') return;
  const defaults = { ...limit.max, ...limit.default };
  const requests = { ...limit.min, ...defaults, ...limit.defaultRequest };
  if (Object.keys(defaults).length > 0) limit.default = defaults;
  if (Object.keys(requests).length > 0) limit.defaultRequest = requests;
};

const defaultContainer = (container: AnyContainer): void => {
  container.imagePullPolicy ||= defaultPullPolicy(container.image ?? '');
  container.terminationMessagePath ||= '/dev/termination-log';
  container.terminationMessagePolicy ||= 'File';
  container.resources ??= {};
  for (const port of container.ports ?? []) port.protocol ||= 'TCP';
  for (const variable of container.env ?? []) {
    if (variable.valueFrom?.fieldRef !== undefined) variable.valueFrom.fieldRef.apiVersion ||= 'v1';
    if (variable.valueFrom?.fileKeyRef !== undefined) variable.valueFrom.fileKeyRef.optional ??= false;
  }
  defaultResources(container.resources);
  for (const probe of [container.livenessProbe, container.readinessProbe, container.startupProbe]) defaultProbe(probe);
  defaultHttpGet(container.lifecycle?.postStart?.httpGet);
  defaultHttpGet(container.lifecycle?.preStop?.httpGet);
};

const useHostPorts = (containers: readonly Draft<Container>[] | undefined): void => {
  for (const port of (containers ?? []).flatMap((container) => container.ports ?? []))
    port.hostPort ||= port.containerPort;
};

export const defaultPodSpec = (spec: Draft<PodSpec>): void => {
  spec.dnsPolicy ||= 'ClusterFirst';
  spec.restartPolicy ||= 'Always';
  spec.terminationGracePeriodSeconds ??= 30;
  spec.securityContext ??= {};
  spec.schedulerName ||= 'default-scheduler';
  // The deprecated name of the field follows the new one.
  spec.serviceAccountName ||= spec.serviceAccount || undefined;
  spec.serviceAccount = spec.serviceAccountName;
  if (spec.serviceAccountName === undefined) {
    delete spec.serviceAccountName;
    delete spec.serviceAccount;
  }
  for (const volume of spec.volumes ?? []) defaultVolume(volume);
  const containers: AnyContainer[] = [
    ...(spec.initContainers ?? []),
    ...(spec.containers ?? []),
    ...(spec.ephemeralContainers ?? []),
  ];
  for (const container of containers) defaultContainer(container);
  roundResources(spec.overhead);
  defaultResources(spec.resources);
};

export const defaultPodTemplate = (template: Draft<PodTemplateSpec> | undefined): void => {
  if (template?.spec !== undefined) defaultPodSpec(template.spec);
};

const requestLimits = (resources: Draft<ResourceRequirements> | undefined): void => {
  if (resources?.limits === undefined) return;
  resources.requests = { ...resources.limits, ...resources.requests };
};

/** A pod as a whole has amounts of some resources only. */
const requestPodLimits = (resources: Draft<ResourceRequirements> | undefined): void => {
  if (resources?.limits === undefined) return;
  const known = Object.entries(resources.limits).filter(([name]) => /^(cpu|memory|hugepages-.*)$/.test(name));
  const requests = { ...Object.fromEntries(known), ...resources.requests };
  if (Object.keys(requests).length > 0) resources.requests = requests;
};

export const defaultPod = (pod: Draft<Pod>): void => {
  defaultPodSpec(pod.spec);
  pod.spec.enableServiceLinks ??= true;
  for (const container of [...(pod.spec.initContainers ?? []), ...(pod.spec.containers ?? [])]) {
    requestLimits(container.resources);
  }
  requestPodLimits(pod.spec.resources);
  // Not in templates: what a Pod gets is written into the Pod alone.
  if (pod.spec.hostNetwork === true) {
    useHostPorts(pod.spec.containers);
    useHostPorts(pod.spec.initContainers);
  }
};
