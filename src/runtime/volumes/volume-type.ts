import type { Logger } from 'pino';
import type { Client } from '../../cluster/client/client.js';
import type { Clock } from '../../objects/clock.js';
import type { ConfigMap, Pod, Secret, Volume } from '../../objects/kinds/core-v1.js';
import type { TokenSource } from './service-account-tokens.js';
import type { VolumeContext } from './volume-manager.js';

/** Where volumes read ConfigMaps and Secrets: the API at the first mount, the informers later. */
export interface ObjectReader {
  configMap(namespace: string, name: string): Promise<ConfigMap | undefined>;
  secret(namespace: string, name: string): Promise<Secret | undefined>;
}

/** What one volume of one pod is made from. */
export interface VolumeRequest {
  readonly pod: Pod;
  readonly volume: Volume;
  readonly context: VolumeContext;
  /** The folder of this volume: exists for volumes of files; to be made by those of folders. */
  readonly folder: string;
  readonly objects: ObjectReader;
  readonly tokens: TokenSource;
  readonly client: Client;
  readonly clock: Clock;
  readonly log: Logger;
  readonly signal: AbortSignal;
}

/** One file of a configMap, secret, downwardAPI or projected volume. `path` is relative to the volume. */
export interface VolumeFile {
  readonly path: string;
  readonly content: Uint8Array;
  readonly mode: number;
}

/** A folder (or file, for hostPath) that is ready to be mounted. */
export interface PreparedFolder {
  readonly path: string;
  readonly readOnly: boolean;
  /** Whether the pod's fsGroup becomes its owner. */
  readonly owned: boolean;
}

/** A volume whose files come from objects of the API: written by the atomic writer, refreshed, mounted read-only. */
export interface FilesVolumeType {
  readonly shape: 'files';
  files(request: VolumeRequest): Promise<readonly VolumeFile[]>;
}

/** A volume that is a folder, filled by whoever mounts it. */
export interface FolderVolumeType {
  readonly shape: 'folder';
  prepare(request: VolumeRequest): Promise<PreparedFolder>;
}

export type VolumeType = FilesVolumeType | FolderVolumeType;
