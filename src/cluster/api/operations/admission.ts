import { isApiError } from '../../../objects/api-error.js';
import type { KubeObject } from '../../../objects/object.js';
import { objectWarnings } from '../../admission/warnings/object-warnings.js';
import type { AdmissionPlugin, AdmissionRequest } from '../plugins/admission-plugin.js';
import type { WriteParameters } from '../request.js';
import { badRequest, internal } from '../status-errors.js';
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
    const isForeign = plugin.isRemote === true && result !== object;
    object = isForeign ? reformed(rules, request, result) : result;
    wasChangedOutside ||= isForeign;
  }
  if (!wasChangedOutside) return object;
  // What was put in from outside, such as a container, is treated like all else of its kind.
  for (const plugin of plugins) if (plugin.isRemote !== true) object = await answerOf(plugin, { ...request, object });
  return object;
};

/** What comes from outside the server takes the form of its kind again, and stays where it was. */
const reformed = (rules: Machinery['rules'], request: AdmissionRequest, result: KubeObject): KubeObject => {
  const { target } = request;
  const { namespace = target.namespace } = (result as Partial<KubeObject>).metadata ?? {};
  if (isPart(request)) return result;
  if (target.namespace !== undefined && namespace !== target.namespace) {
    throw badRequest('the namespace of the provided object does not match the namespace sent on the request');
  }
  const placed = target.namespace === undefined ? result : { ...result, metadata: { ...result.metadata, namespace } };
  try {
    return rules.defaults(target, rules.decode(target, placed as KubeObject).object);
  } catch (error) {
    if (!isApiError(error, 'BadRequest')) throw error;
    throw internal(error.message.replace(/^.* cannot be handled as an? \w+: /, ''));
  }
};

/** True for what is no object of its resource: the binding of a pod, the scale of a Deployment, the options of an exec. */
const isPart = ({ operation, target: { subresource } }: AdmissionRequest): boolean =>
  subresource === 'scale' || operation === 'CONNECT' || (operation === 'CREATE' && subresource !== undefined);

const answerOf = (
  plugin: AdmissionPlugin,
  request: AdmissionRequest & { readonly object: KubeObject },
): KubeObject | Promise<KubeObject> => plugin.admit?.(request) ?? request.object;

/** The machinery without the plugins that ask others, and the policies of users. */
export const withoutRemote = (machinery: Machinery): Machinery => ({
  ...machinery,
  plugins: machinery.plugins.filter(({ isOfUsers }) => isOfUsers !== true),
});

/** What is sent to a part of an object, such as a binding or a scale, after every plugin saw and allowed it. */
export const admitPart = async (
  machinery: Machinery,
  request: Pick<AdmissionRequest, 'operation' | 'target' | 'context' | 'oldObject'> & { readonly object: KubeObject },
  parameters?: WriteParameters,
): Promise<KubeObject> => {
  const options = parameters === undefined ? {} : { options: optionsOf(parameters) };
  const asked = { ...request, ...options, dryRun: parameters?.dryRun === true };
  const object = await admit(machinery, asked);
  await review(machinery, { ...asked, object });
  return object;
};

/** How a write is to be done, as webhooks are told. */
export const optionsOf = ({ dryRun, fieldManager, fieldValidation }: WriteParameters): AdmissionRequest['options'] => ({
  ...(dryRun ? { dryRun: ['All'] } : {}),
  ...(fieldManager === '' ? {} : { fieldManager }),
  ...(fieldValidation === 'Warn' ? {} : { fieldValidation }),
});

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
