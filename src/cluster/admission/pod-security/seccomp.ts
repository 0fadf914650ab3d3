import {
  containersOf,
  containersText,
  counted,
  namesOf,
  quoted,
  settersText,
  sorted,
  type AnyContainer,
  type CheckPod,
} from './check.js';

const REASON = 'seccompProfile';

const ANNOTATION = 'seccomp.security.alpha.kubernetes.io/pod';
const CONTAINER_ANNOTATION = 'container.seccomp.security.alpha.kubernetes.io/';

/** What annotations asked for before there were fields. */
export const seccompAnnotations: CheckPod = (pod) => {
  const annotations = pod.metadata?.annotations ?? {};
  const keys = [ANNOTATION, ...containersOf(pod).map(({ name }) => CONTAINER_ANNOTATION + name)];
  const bad = keys.flatMap((key) => {
    const value = annotations[key];
    const isGood = value === undefined || /^(?:runtime\/default$|docker\/default$|localhost\/)/.test(value);
    return isGood ? [] : [`${key}=${JSON.stringify(value)}`];
  });
  if (bad.length === 0) return undefined;
  const texts = sorted(bad);
  return { reason: REASON, detail: `forbidden ${counted(texts, 'annotation', 'annotations')} ${texts.join(', ')}` };
};

const typeOf = ({ securityContext }: Pick<AnyContainer, 'securityContext'>): string | undefined =>
  securityContext?.seccompProfile?.type;

const isConfined = (type: string | undefined): boolean => type === 'Localhost' || type === 'RuntimeDefault';

const isBad = (type: string | undefined): type is string => type !== undefined && !isConfined(type);

/** Nobody switches seccomp off. */
export const seccompFields: CheckPod = (pod) => {
  const podType = pod.spec.securityContext?.seccompProfile?.type;
  const setters = settersText(
    isBad(podType),
    namesOf(pod, (container) => isBad(typeOf(container))),
  );
  if (setters === '') return undefined;
  const types = sorted([podType, ...containersOf(pod).map(typeOf)].filter(isBad));
  return {
    reason: REASON,
    detail: `${setters} must not set securityContext.seccompProfile.type to ${quoted(types)}`,
  };
};

/** Nobody switches seccomp off, and everybody switches it on. */
export const seccompRequired: CheckPod = (pod) => {
  const bad = seccompFields(pod);
  if (bad !== undefined || isConfined(pod.spec.securityContext?.seccompProfile?.type)) return bad;
  const silent = namesOf(pod, (container) => typeOf(container) === undefined);
  if (silent.length === 0) return undefined;
  return {
    reason: REASON,
    detail: `pod or ${containersText(silent)} must set securityContext.seccompProfile.type to "RuntimeDefault" or "Localhost"`,
  };
};
