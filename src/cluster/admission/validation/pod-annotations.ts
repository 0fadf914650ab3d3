import type { AppArmorProfile, PodSpec, SeccompProfile, Toleration } from '../../../objects/kinds/core-v1.js';
import { child, forbidden, goQuote, invalid, keyed, type FieldError } from '../field-errors.js';
import { descending } from './paths.js';
import { containersOf } from './pod-os.js';
import type { PodRules } from './pod-rules.js';
import { validateTolerations } from './tolerations.js';

type Annotations = Readonly<Record<string, string>> | undefined;

/** Annotations of pods that mean something to the server; most are older than the fields that replaced them. */
export const MIRROR = 'kubernetes.io/config.mirror';
const TOLERATIONS = 'scheduler.alpha.kubernetes.io/tolerations';
const DELETION_COST = 'controller.kubernetes.io/pod-deletion-cost';
export const SECCOMP_POD = 'seccomp.security.alpha.kubernetes.io/pod';
export const SECCOMP_CONTAINER = 'container.seccomp.security.alpha.kubernetes.io/';
export const APP_ARMOR = 'container.apparmor.security.beta.kubernetes.io/';
const LOCAL = 'localhost/';

/** As Go's `strconv` reads it, with the rule that it starts with neither a plus nor a zero. */
export const isDeletionCost = (text: string): boolean =>
  /^(0|-?[1-9]\d*|-0)$/.test(text) && Number(text) >= -(2 ** 31) && Number(text) < 2 ** 31;

const validateSeccompName = (field: string, name: string): FieldError[] => {
  if (name === 'runtime/default' || name === 'docker/default' || name === 'unconfined') return [];
  return name.startsWith(LOCAL)
    ? descending(field, name.slice(LOCAL.length))
    : [invalid(field, name, 'must be a valid seccomp profile')];
};

const isAppArmorName = (name: string): boolean =>
  name === '' || name === 'runtime/default' || name === 'unconfined' || name.startsWith(LOCAL);

const tolerationsOf = (text: string): readonly Toleration[] | undefined => {
  try {
    const list: unknown = JSON.parse(text);
    return Array.isArray(list) ? (list as Toleration[]) : undefined;
  } catch {
    return undefined;
  }
};

export const validatePodAnnotations = (
  field: string,
  annotations: Annotations,
  spec: PodSpec,
  rules: PodRules,
): FieldError[] => {
  const errors: FieldError[] = [];
  const all = annotations ?? {};
  const { [MIRROR]: mirror, [TOLERATIONS]: tolerations = '', [DELETION_COST]: cost } = all;
  if (mirror !== undefined && (spec.nodeName ?? '') === '') {
    const detail = 'must set spec.nodeName if mirror pod annotation is set';
    errors.push(invalid(keyed(field, MIRROR), mirror, detail));
  }
  if (tolerations !== '') {
    errors.push(...validateTolerations(child(field, TOLERATIONS), tolerationsOf(tolerations)));
  }
  if (cost !== undefined && rules.allowAnyDeletionCost !== true && !isDeletionCost(cost)) {
    errors.push(invalid(keyed(field, DELETION_COST), cost, 'must be a 32bit integer'));
  }
  const names = Object.keys(all).sort();
  for (const name of [SECCOMP_POD, ...names.filter((key) => key.startsWith(SECCOMP_CONTAINER))]) {
    const profile = all[name];
    if (profile !== undefined) errors.push(...validateSeccompName(child(field, name), profile));
  }
  for (const name of names.filter((key) => key.startsWith(APP_ARMOR))) {
    const container = name.slice(APP_ARMOR.length);
    const profile = all[name] ?? '';
    if (!containersOf('', spec).some(([{ name: known = '' }]) => known === container)) {
      errors.push(invalid(keyed(field, name), container, 'container not found'));
    }
    if (!isAppArmorName(profile)) {
      errors.push(invalid(keyed(field, name), profile, `invalid AppArmor profile name: ${goQuote(profile)}`));
    }
  }
  return errors;
};

/** An annotation and the field that replaced it say the same. */
const agree = (
  field: string,
  what: string,
  annotation: string | undefined,
  profile: SeccompProfile | AppArmorProfile | undefined,
): FieldError[] => {
  if (annotation === undefined || profile === undefined) return [];
  const type = forbidden(child(field, 'type'), `${what} type in annotation and field must match`);
  if (profile.type === 'Unconfined') return annotation === 'unconfined' ? [] : [type];
  if (profile.type === 'RuntimeDefault') {
    const isDefault = annotation === 'runtime/default' || (what === 'seccomp' && annotation === 'docker/default');
    return isDefault ? [] : [type];
  }
  if (profile.type !== 'Localhost') return [];
  if (!annotation.startsWith(LOCAL)) return [type];
  return annotation.slice(LOCAL.length) === profile.localhostProfile
    ? []
    : [forbidden(child(field, 'localhostProfile'), `${what} profile in annotation and field must match`)];
};

export const validateProfilesMatch = (field: string, annotations: Annotations, spec: PodSpec): FieldError[] => {
  const ofPod = spec.securityContext;
  const containers = containersOf(field, spec);
  const seccomp = child(field, 'securityContext.seccompProfile');
  return [
    ...agree(seccomp, 'seccomp', annotations?.[SECCOMP_POD], ofPod?.seccompProfile),
    ...containers.flatMap(([{ name, securityContext }, path]) =>
      agree(
        child(path, 'securityContext.seccompProfile'),
        'seccomp',
        annotations?.[`${SECCOMP_CONTAINER}${name}`],
        securityContext?.seccompProfile,
      ),
    ),
    ...(spec.os?.name === 'windows' ? [] : containers).flatMap(([{ name, securityContext }, path]) =>
      agree(
        child(path, 'securityContext.appArmorProfile'),
        'apparmor',
        annotations?.[`${APP_ARMOR}${name}`],
        securityContext?.appArmorProfile ?? ofPod?.appArmorProfile,
      ),
    ),
  ];
};
