// Kubernetes 1.35.2, networking.k8s.io/v1. Written by scripts/generate-kinds.ts; do not edit.
import type { KindOf } from '../kind.js';
import type { KubeObject } from '../object.js';
import type * as coreV1 from './core-v1.js';
import type * as metaV1 from './meta-v1.js';

export interface NetworkPolicy extends KubeObject {
  readonly spec: NetworkPolicySpec;
}

export const NetworkPolicy: KindOf<NetworkPolicy> = { apiVersion: 'networking.k8s.io/v1', kind: 'NetworkPolicy' };

export interface NetworkPolicySpec {
  readonly podSelector?: metaV1.LabelSelector;
  readonly ingress?: readonly NetworkPolicyIngressRule[];
  readonly egress?: readonly NetworkPolicyEgressRule[];
  readonly policyTypes?: readonly string[];
}

export interface NetworkPolicyIngressRule {
  readonly ports?: readonly NetworkPolicyPort[];
  readonly from?: readonly NetworkPolicyPeer[];
}

export interface NetworkPolicyEgressRule {
  readonly ports?: readonly NetworkPolicyPort[];
  readonly to?: readonly NetworkPolicyPeer[];
}

export interface NetworkPolicyPort {
  readonly protocol?: string;
  readonly port?: string | number;
  readonly endPort?: number;
}

export interface IPBlock {
  readonly cidr: string;
  readonly except?: readonly string[];
}

export interface NetworkPolicyPeer {
  readonly podSelector?: metaV1.LabelSelector;
  readonly namespaceSelector?: metaV1.LabelSelector;
  readonly ipBlock?: IPBlock;
}

export interface NetworkPolicyList {
  readonly metadata?: metaV1.ListMeta;
  readonly items: readonly NetworkPolicy[];
}

export interface Ingress extends KubeObject {
  readonly spec: IngressSpec;
  readonly status?: IngressStatus;
}

export const Ingress: KindOf<Ingress> = { apiVersion: 'networking.k8s.io/v1', kind: 'Ingress' };

export interface IngressList {
  readonly metadata?: metaV1.ListMeta;
  readonly items: readonly Ingress[];
}

export interface IngressSpec {
  readonly ingressClassName?: string;
  readonly defaultBackend?: IngressBackend;
  readonly tls?: readonly IngressTLS[];
  readonly rules?: readonly IngressRule[];
}

export interface IngressTLS {
  readonly hosts?: readonly string[];
  readonly secretName?: string;
}

export interface IngressStatus {
  readonly loadBalancer?: IngressLoadBalancerStatus;
}

export interface IngressLoadBalancerStatus {
  readonly ingress?: readonly IngressLoadBalancerIngress[];
}

export interface IngressLoadBalancerIngress {
  readonly ip?: string;
  readonly hostname?: string;
  readonly ports?: readonly IngressPortStatus[];
}

export interface IngressPortStatus {
  readonly port: number;
  readonly protocol: string;
  readonly error?: string;
}

export interface IngressRule extends IngressRuleValue {
  readonly host?: string;
}

export interface IngressRuleValue {
  readonly http?: HTTPIngressRuleValue;
}

export interface HTTPIngressRuleValue {
  readonly paths: readonly HTTPIngressPath[];
}

export interface HTTPIngressPath {
  readonly path?: string;
  readonly pathType: string;
  readonly backend: IngressBackend;
}

export interface IngressBackend {
  readonly service?: IngressServiceBackend;
  readonly resource?: coreV1.TypedLocalObjectReference;
}

export interface IngressServiceBackend {
  readonly name: string;
  readonly port?: ServiceBackendPort;
}

export interface ServiceBackendPort {
  readonly name?: string;
  readonly number?: number;
}

export interface IngressClass extends KubeObject {
  readonly spec: IngressClassSpec;
}

export const IngressClass: KindOf<IngressClass> = { apiVersion: 'networking.k8s.io/v1', kind: 'IngressClass' };

export interface IngressClassSpec {
  readonly controller?: string;
  readonly parameters?: IngressClassParametersReference;
}

export interface IngressClassParametersReference {
  readonly apiGroup?: string;
  readonly kind: string;
  readonly name: string;
  readonly scope?: string;
  readonly namespace?: string;
}

export interface IngressClassList {
  readonly metadata?: metaV1.ListMeta;
  readonly items: readonly IngressClass[];
}

export interface IPAddress extends KubeObject {
  readonly spec: IPAddressSpec;
}

export const IPAddress: KindOf<IPAddress> = { apiVersion: 'networking.k8s.io/v1', kind: 'IPAddress' };

export interface IPAddressSpec {
  readonly parentRef: ParentReference;
}

export interface ParentReference {
  readonly group?: string;
  readonly resource: string;
  readonly namespace?: string;
  readonly name: string;
}

export interface IPAddressList {
  readonly metadata?: metaV1.ListMeta;
  readonly items: readonly IPAddress[];
}

export interface ServiceCIDR extends KubeObject {
  readonly spec: ServiceCIDRSpec;
  readonly status?: ServiceCIDRStatus;
}

export const ServiceCIDR: KindOf<ServiceCIDR> = { apiVersion: 'networking.k8s.io/v1', kind: 'ServiceCIDR' };

export interface ServiceCIDRSpec {
  readonly cidrs?: readonly string[];
}

export interface ServiceCIDRStatus {
  readonly conditions?: readonly metaV1.Condition[];
}

export interface ServiceCIDRList {
  readonly metadata?: metaV1.ListMeta;
  readonly items: readonly ServiceCIDR[];
}
