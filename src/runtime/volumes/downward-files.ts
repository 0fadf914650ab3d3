import type { DownwardAPIVolumeFile } from '../../objects/kinds/core-v1.js';
import { fieldValue } from '../kubelet/environment/field-value.js';
import { resourceFieldValue } from '../kubelet/environment/resource-field-value.js';
import { findContainer } from '../kubelet/plan/pod-containers.js';
import { VolumeFailure } from './volume-manager.js';
import type { VolumeFile, VolumeRequest } from './volume-type.js';

/** `key="value"` a line, sorted by key, as kubelets write labels and annotations into files. */
const formatMap = (values: Readonly<Record<string, string>> | undefined): string =>
  Object.keys(values ?? {})
    .sort()
    .map((key) => `${key}=${JSON.stringify(values?.[key])}`)
    .join('\n');

const contentOf = (request: VolumeRequest, item: DownwardAPIVolumeFile): string => {
  const { pod, context } = request;
  if (item.fieldRef !== undefined) {
    const path = item.fieldRef.fieldPath;
    if (path === 'metadata.labels') return formatMap(pod.metadata.labels);
    if (path === 'metadata.annotations') return formatMap(pod.metadata.annotations);
    const value = fieldValue({ pod, ...context }, path);
    if (value === undefined) throw new VolumeFailure('invalid', `unsupported fieldPath: ${path}`);
    return value;
  }
  if (item.resourceFieldRef === undefined) {
    throw new VolumeFailure('invalid', `downwardAPI file "${item.path}" has neither fieldRef nor resourceFieldRef`);
  }
  const name = item.resourceFieldRef.containerName ?? '';
  const container = findContainer(pod, name);
  if (container === undefined) throw new VolumeFailure('invalid', `container "${name}" not found`);
  return resourceFieldValue(pod, container.spec, item.resourceFieldRef, context.nodeAllocatable ?? {});
};

/** Files about the pod itself. */
export const downwardFiles = (
  request: VolumeRequest,
  items: readonly DownwardAPIVolumeFile[],
  mode: number,
): readonly VolumeFile[] =>
  items.map((item) => ({
    path: item.path,
    content: Buffer.from(contentOf(request, item)),
    mode: item.mode ?? mode,
  }));
