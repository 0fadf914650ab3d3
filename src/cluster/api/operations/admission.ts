import type { KubeObject } from '../../../objects/object.js';
import { objectWarnings } from '../../admission/warnings/object-warnings.js';
import type { AdmissionPlugin, AdmissionRequest } from '../plugins/admission-plugin.js';
import type { Machinery } from './machinery.js';

/** The object after every plugin that changes objects. */
export const admit = async (
  { plugins, rules }: Machinery,
  request: AdmissionRequest & { readonly object: KubeObject },
): Promise<KubeObject> => {
  let { object } = request;
  let wasChangedOutside = false;
  for (const plugin of plugins) {
    if (plugin.admit === undefined) continue;
    const result = await answerOf(plugin, { ...request, object });
    // What comes from outside the server takes the form of its kind again.
    const isForeign = plugin.isRemote === true && result !== object;
    object = isForeign ? rules.defaults(request.target, rules.decode(request.target, result).object) : result;
    wasChangedOutside ||= isForeign;
  }
  if (!wasChangedOutside) return object;
  // What was put in from outside, such as a container, is treated like all else of its kind.
  for (const plugin of plugins) if (plugin.isRemote !== true) object = await answerOf(plugin, { ...request, object });
  return object;
};

const answerOf = (
  plugin: AdmissionPlugin,
  request: AdmissionRequest & { readonly object: KubeObject },
): KubeObject | Promise<KubeObject> => plugin.admit?.(request) ?? request.object;

/** Throws what the first plugin that refuses says. Tells the client what is allowed, but hardly meant. */
export const review = async ({ plugins }: Machinery, request: AdmissionRequest): Promise<void> => {
  warn(request);
  for (const plugin of plugins) {
    const reviewed = plugin.validate?.(request);
    if (reviewed instanceof Promise) await reviewed;
  }
};

const warn = ({ operation, target, object, oldObject, context }: AdmissionRequest): void => {
  if (object === undefined || target.subresource !== undefined || target.resource.custom) return;
  if (operation === 'CREATE' || operation === 'UPDATE') context.warnings.push(...objectWarnings(object, oldObject));
};
