import type { ConfigMap, KeyToPath, Secret } from '../../objects/kinds/core-v1.js';
import { VolumeFailure } from './volume-manager.js';
import type { VolumeFile, VolumeRequest } from './volume-type.js';

/** Files of a volume whose source says no mode. */
export const DEFAULT_MODE = 0o644;

export interface KeyedSource {
  readonly items?: readonly KeyToPath[];
  readonly optional?: boolean;
}

/** What is in a ConfigMap, by key. */
const configMapContents = (configMap: ConfigMap): ReadonlyMap<string, Uint8Array> =>
  new Map([
    ...Object.entries(configMap.data ?? {}).map(([key, text]): [string, Uint8Array] => [key, Buffer.from(text)]),
    ...Object.entries(configMap.binaryData ?? {}).map(([key, base64]): [string, Uint8Array] => [
      key,
      Buffer.from(base64, 'base64'),
    ]),
  ]);

/** What is in a Secret, by key. */
const secretContents = (secret: Secret): ReadonlyMap<string, Uint8Array> =>
  new Map(Object.entries(secret.data ?? {}).map(([key, base64]) => [key, Buffer.from(base64, 'base64')]));

/** All keys as files, or with `items` those that it lists, under its paths and modes. */
const projectKeys = (
  what: string,
  contents: ReadonlyMap<string, Uint8Array>,
  source: KeyedSource,
  mode: number,
): readonly VolumeFile[] => {
  if (source.items === undefined || source.items.length === 0) {
    return Array.from(contents, ([path, content]) => ({ path, content, mode }));
  }
  return source.items.flatMap((item) => {
    const content = contents.get(item.key);
    if (content !== undefined) return [{ path: item.path, content, mode: item.mode ?? mode }];
    if (source.optional === true) return [];
    throw new VolumeFailure('not-ready', `${what} references non-existent config key: ${item.key}`);
  });
};

/** Files from a ConfigMap; none when it is optional and not there. */
export const configMapFiles = async (
  request: VolumeRequest,
  name: string,
  source: KeyedSource,
  mode: number,
): Promise<readonly VolumeFile[]> => {
  const found = await request.objects.configMap(request.pod.metadata.namespace ?? 'default', name);
  if (found !== undefined) return projectKeys(`configmap "${name}"`, configMapContents(found), source, mode);
  if (source.optional === true) return [];
  throw new VolumeFailure('not-ready', `configmap "${name}" not found`);
};

/** Files from a Secret; none when it is optional and not there. */
export const secretFiles = async (
  request: VolumeRequest,
  name: string,
  source: KeyedSource,
  mode: number,
): Promise<readonly VolumeFile[]> => {
  const found = await request.objects.secret(request.pod.metadata.namespace ?? 'default', name);
  if (found !== undefined) return projectKeys(`secret "${name}"`, secretContents(found), source, mode);
  if (source.optional === true) return [];
  throw new VolumeFailure('not-ready', `secret "${name}" not found`);
};
