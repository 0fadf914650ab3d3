import type { KubeObject } from '../../../objects/object.js';
import type { AdmissionRequest } from '../plugins/admission-plugin.js';
import type { Machinery } from './machinery.js';

/** The object after every plugin that changes objects. */
export const admit = async (
  { plugins, rules }: Machinery,
  request: AdmissionRequest & { readonly object: KubeObject },
): Promise<KubeObject> => {
  let { object } = request;
  for (const plugin of plugins) {
    if (plugin.admit === undefined) continue;
    const admitted = plugin.admit({ ...request, object });
    const result = admitted instanceof Promise ? await admitted : admitted;
    // What comes from outside the server takes the form of its kind again.
    const isForeign = plugin.isRemote === true && result !== object;
    object = isForeign ? rules.defaults(request.target, rules.decode(request.target, result).object) : result;
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
