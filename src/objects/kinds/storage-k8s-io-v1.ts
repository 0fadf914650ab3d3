// Kubernetes 1.35.2, storage.k8s.io/v1. Written by scripts/generate-kinds.ts; do not edit.
import type { KindOf } from '../kind.js';
import type { KubeObject } from '../object.js';
import type * as coreV1 from './core-v1.js';
import type * as metaV1 from './meta-v1.js';

export interface StorageClass extends KubeObject {
  readonly provisioner: string;
  readonly parameters?: Readonly<Record<string, string>>;
  readonly reclaimPolicy?: string;
  readonly mountOptions?: readonly string[];
  readonly allowVolumeExpansion?: boolean;
  readonly volumeBindingMode?: string;
  readonly allowedTopologies?: readonly coreV1.TopologySelectorTerm[];
}

export const StorageClass: KindOf<StorageClass> = { apiVersion: 'storage.k8s.io/v1', kind: 'StorageClass' };

export interface StorageClassList {
  readonly metadata?: metaV1.ListMeta;
  readonly items: readonly StorageClass[];
}

export interface VolumeAttachment extends KubeObject {
  readonly spec: VolumeAttachmentSpec;
  readonly status?: VolumeAttachmentStatus;
}

export const VolumeAttachment: KindOf<VolumeAttachment> = { apiVersion: 'storage.k8s.io/v1', kind: 'VolumeAttachment' };

export interface VolumeAttachmentList {
  readonly metadata?: metaV1.ListMeta;
  readonly items: readonly VolumeAttachment[];
}

export interface VolumeAttachmentSpec {
  readonly attacher: string;
  readonly source: VolumeAttachmentSource;
  readonly nodeName: string;
}

export interface VolumeAttachmentSource {
  readonly persistentVolumeName?: string;
  readonly inlineVolumeSpec?: coreV1.PersistentVolumeSpec;
}

export interface VolumeAttachmentStatus {
  readonly attached: boolean;
  readonly attachmentMetadata?: Readonly<Record<string, string>>;
  readonly attachError?: VolumeError;
  readonly detachError?: VolumeError;
}

export interface VolumeError {
  readonly time?: string;
  readonly message?: string;
  readonly errorCode?: number;
}

export interface CSIDriver extends KubeObject {
  readonly spec: CSIDriverSpec;
}

export const CSIDriver: KindOf<CSIDriver> = { apiVersion: 'storage.k8s.io/v1', kind: 'CSIDriver' };

export interface CSIDriverList {
  readonly metadata?: metaV1.ListMeta;
  readonly items: readonly CSIDriver[];
}

export interface CSIDriverSpec {
  readonly attachRequired?: boolean;
  readonly podInfoOnMount?: boolean;
  readonly volumeLifecycleModes?: readonly string[];
  readonly storageCapacity?: boolean;
  readonly fsGroupPolicy?: string;
  readonly tokenRequests?: readonly TokenRequest[];
  readonly requiresRepublish?: boolean;
  readonly seLinuxMount?: boolean;
  readonly nodeAllocatableUpdatePeriodSeconds?: number;
  readonly serviceAccountTokenInSecrets?: boolean;
}

export interface TokenRequest {
  readonly audience: string;
  readonly expirationSeconds?: number;
}

export interface CSINode extends KubeObject {
  readonly spec: CSINodeSpec;
}

export const CSINode: KindOf<CSINode> = { apiVersion: 'storage.k8s.io/v1', kind: 'CSINode' };

export interface CSINodeSpec {
  readonly drivers: readonly CSINodeDriver[];
}

export interface CSINodeDriver {
  readonly name: string;
  readonly nodeID: string;
  readonly topologyKeys?: readonly string[];
  readonly allocatable?: VolumeNodeResources;
}

export interface VolumeNodeResources {
  readonly count?: number;
}

export interface CSINodeList {
  readonly metadata?: metaV1.ListMeta;
  readonly items: readonly CSINode[];
}

export interface CSIStorageCapacity extends KubeObject {
  readonly nodeTopology?: metaV1.LabelSelector;
  readonly storageClassName: string;
  readonly capacity?: string | number;
  readonly maximumVolumeSize?: string | number;
}

export const CSIStorageCapacity: KindOf<CSIStorageCapacity> = { apiVersion: 'storage.k8s.io/v1', kind: 'CSIStorageCapacity' };

export interface CSIStorageCapacityList {
  readonly metadata?: metaV1.ListMeta;
  readonly items: readonly CSIStorageCapacity[];
}

export interface VolumeAttributesClass extends KubeObject {
  readonly driverName: string;
  readonly parameters?: Readonly<Record<string, string>>;
}

export const VolumeAttributesClass: KindOf<VolumeAttributesClass> = { apiVersion: 'storage.k8s.io/v1', kind: 'VolumeAttributesClass' };

export interface VolumeAttributesClassList {
  readonly metadata?: metaV1.ListMeta;
  readonly items: readonly VolumeAttributesClass[];
}
