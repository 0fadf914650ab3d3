import type { PodSecurityContext, SecurityContext } from '../../../objects/kinds/core-v1.js';
import { child, invalid, required, type FieldError } from '../field-errors.js';
import { each, inRange, oneOf } from './rules.js';

const MAX_ID = 2 ** 31 - 1;
const id = (field: string, value: number | undefined): FieldError[] => inRange(field, value, 0, MAX_ID);

const validateSeccomp = (field: string, profile: SecurityContext['seccompProfile']): FieldError[] => {
  if (profile === undefined) return [];
  if ((profile.type ?? '') === '')
    return [required(child(field, 'type'), 'type is required when seccompProfile is set')];
  if (profile.type === 'Localhost' && profile.localhostProfile === undefined) {
    return [required(child(field, 'localhostProfile'), 'must be set when seccomp type is Localhost')];
  }
  return oneOf(child(field, 'type'), profile.type, ['Localhost', 'RuntimeDefault', 'Unconfined']);
};

export const validateSecurityContext = (field: string, context: SecurityContext | undefined): FieldError[] => {
  if (context === undefined) return [];
  const errors = [
    ...id(child(field, 'runAsUser'), context.runAsUser),
    ...id(child(field, 'runAsGroup'), context.runAsGroup),
    ...oneOf(child(field, 'procMount'), context.procMount, ['Default', 'Unmasked']),
    ...validateSeccomp(child(field, 'seccompProfile'), context.seccompProfile),
  ];
  if (context.allowPrivilegeEscalation === false) {
    if (context.privileged === true) {
      errors.push(invalid(field, context, 'cannot set `allowPrivilegeEscalation` to false and `privileged` to true'));
    }
    if (context.capabilities?.add?.includes('CAP_SYS_ADMIN') === true) {
      errors.push(
        invalid(field, context, 'cannot set `allowPrivilegeEscalation` to false and `capabilities.Add` CAP_SYS_ADMIN'),
      );
    }
  }
  return errors;
};

export const validatePodSecurityContext = (field: string, context: PodSecurityContext | undefined): FieldError[] => {
  if (context === undefined) return [];
  return [
    ...id(child(field, 'fsGroup'), context.fsGroup),
    ...id(child(field, 'runAsUser'), context.runAsUser),
    ...id(child(field, 'runAsGroup'), context.runAsGroup),
    ...each(child(field, 'supplementalGroups'), context.supplementalGroups, (group, path) => id(path, group)),
    ...oneOf(child(field, 'fsGroupChangePolicy'), context.fsGroupChangePolicy, ['Always', 'OnRootMismatch']),
    ...validateSeccomp(child(field, 'seccompProfile'), context.seccompProfile),
  ];
};
