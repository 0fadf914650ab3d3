import type { Volume } from '../../objects/kinds/core-v1.js';
import { configMapVolume } from './types/config-map.js';
import { downwardApiVolume } from './types/downward-api.js';
import { emptyDirVolume } from './types/empty-dir.js';
import { ephemeralVolume } from './types/ephemeral.js';
import { hostPathVolume } from './types/host-path.js';
import { persistentVolumeClaimVolume } from './types/persistent-volume-claim.js';
import { projectedVolume } from './types/projected.js';
import { secretVolume } from './types/secret.js';
import { VolumeFailure } from './volume-manager.js';
import type { VolumeType } from './volume-type.js';

/** Every volume type, by its field in a pod's volume. */
const VOLUME_TYPES = {
  configMap: configMapVolume,
  downwardAPI: downwardApiVolume,
  emptyDir: emptyDirVolume,
  ephemeral: ephemeralVolume,
  hostPath: hostPathVolume,
  persistentVolumeClaim: persistentVolumeClaimVolume,
  projected: projectedVolume,
  secret: secretVolume,
} as const satisfies Readonly<Record<string, VolumeType>>;

const isKnown = (name: string): name is keyof typeof VOLUME_TYPES => Object.hasOwn(VOLUME_TYPES, name);

/** The type of a volume and the name of its field. A volume without a source is an emptyDir. */
export const volumeTypeOf = (volume: Volume): { readonly name: string; readonly type: VolumeType } => {
  const sources = Object.entries(volume).filter(([key, value]) => key !== 'name' && value !== undefined);
  const name = sources[0]?.[0] ?? 'emptyDir';
  if (isKnown(name)) return { name, type: VOLUME_TYPES[name] };
  const known = Object.keys(VOLUME_TYPES).join(', ');
  throw new VolumeFailure('unsupported', `volumes of type ${name} are not supported; these are: ${known}`);
};
