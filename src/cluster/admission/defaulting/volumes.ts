import type { PersistentVolume, PersistentVolumeClaimSpec, Volume } from '../../../objects/kinds/core-v1.js';
import type { Draft } from './draft.js';
import { defaultPullPolicy } from './pull-policy.js';

const FILE_MODE = 0o644;
const TOKEN_SECONDS = 3600;

const defaultFieldRefs = (items: { fieldRef?: { apiVersion?: string } }[] | undefined): void => {
  for (const { fieldRef } of items ?? []) if (fieldRef !== undefined) fieldRef.apiVersion ||= 'v1';
};

const defaultProjected = (projected: NonNullable<Draft<Volume>['projected']>): void => {
  projected.defaultMode ??= FILE_MODE;
  for (const source of projected.sources ?? []) {
    if (source.serviceAccountToken !== undefined) source.serviceAccountToken.expirationSeconds ??= TOKEN_SECONDS;
    defaultFieldRefs(source.downwardAPI?.items);
  }
};

/** Sources that volumes of pods and persistent volumes share. */
const defaultBlockSources = (volume: Draft<Volume> | Draft<PersistentVolume['spec']>): void => {
  if (volume.hostPath !== undefined) volume.hostPath.type ??= '';
  if (volume.iscsi !== undefined) volume.iscsi.iscsiInterface ||= 'default';
  if (volume.rbd !== undefined) {
    volume.rbd.pool ||= 'rbd';
    volume.rbd.user ||= 'admin';
    volume.rbd.keyring ||= '/etc/ceph/keyring';
  }
  if (volume.azureDisk !== undefined) {
    volume.azureDisk.cachingMode ??= 'ReadWrite';
    volume.azureDisk.fsType ??= 'ext4';
    volume.azureDisk.readOnly ??= false;
    volume.azureDisk.kind ??= 'Shared';
  }
  if (volume.scaleIO !== undefined) {
    volume.scaleIO.storageMode ||= 'ThinProvisioned';
    volume.scaleIO.fsType ||= 'xfs';
  }
};

export const defaultClaimSpec = (spec: Draft<PersistentVolumeClaimSpec> | undefined): void => {
  if (spec !== undefined) spec.volumeMode ??= 'Filesystem';
};

export const defaultVolume = (volume: Draft<Volume>): void => {
  const hasSource = Object.entries(volume).some(([name, value]) => name !== 'name' && value !== undefined);
  if (!hasSource) volume.emptyDir = {};
  if (volume.secret !== undefined) volume.secret.defaultMode ??= FILE_MODE;
  if (volume.configMap !== undefined) volume.configMap.defaultMode ??= FILE_MODE;
  if (volume.downwardAPI !== undefined) {
    volume.downwardAPI.defaultMode ??= FILE_MODE;
    defaultFieldRefs(volume.downwardAPI.items);
  }
  if (volume.projected !== undefined) defaultProjected(volume.projected);
  if (volume.image !== undefined) volume.image.pullPolicy ||= defaultPullPolicy(volume.image.reference ?? '');
  defaultClaimSpec(volume.ephemeral?.volumeClaimTemplate?.spec);
  defaultBlockSources(volume);
};

export const defaultPersistentVolume = (volume: Draft<PersistentVolume>): void => {
  volume.spec.persistentVolumeReclaimPolicy ||= 'Retain';
  volume.spec.volumeMode ??= 'Filesystem';
  volume.status ??= {};
  volume.status.phase ||= 'Pending';
  defaultBlockSources(volume.spec);
};
