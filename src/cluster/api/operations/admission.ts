import type { KubeObject } from '../../../objects/object.js';
import type { AdmissionRequest } from '../plugins/admission-plugin.js';
import type { Machinery } from './machinery.js';

/** The object after every plugin that changes objects. */
export const admit = async (
  { plugins }: Machinery,
  request: AdmissionRequest & { readonly object: KubeObject },
): Promise<KubeObject> => {
  let { object } = request;
  for (const plugin of plugins) {
    if (plugin.admit === undefined) continue;
    const admitted = plugin.admit({ ...request, object });
    object = admitted instanceof Promise ? await admitted : admitted;
  }
  return object;
};

/** Throws what the first plugin that refuses says. */
export const review = async ({ plugins }: Machinery, request: AdmissionRequest): Promise<void> => {
  for (const plugin of plugins) {
    const reviewed = plugin.validate?.(request);
    if (reviewed instanceof Promise) await reviewed;
  }
};
