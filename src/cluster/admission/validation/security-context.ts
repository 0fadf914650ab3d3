import type {
  AppArmorProfile,
  PodSecurityContext,
  PodSpec,
  SeccompProfile,
  SecurityContext,
  WindowsSecurityContextOptions,
} from '../../../objects/kinds/core-v1.js';
import { dns1123Subdomain } from '../../../objects/names.js';
import {
  child,
  duplicate,
  invalid,
  invalidEach,
  notSupported,
  required,
  tooLong,
  type FieldError,
} from '../field-errors.js';
import { shownSeccompProfile, shownSecurityContext } from './internal-forms.js';
import { descending } from './paths.js';
import type { PodRules } from './pod-rules.js';
import { each, inRange, oneOf } from './rules.js';

const MAX_ID = 2 ** 31 - 1;
const id = (field: string, value: number | undefined): FieldError[] => inRange(field, value, 0, MAX_ID);

const TYPES = ['Localhost', 'RuntimeDefault', 'Unconfined'];

const validateSeccomp = (field: string, profile: SeccompProfile | undefined): FieldError[] => {
  if (profile === undefined) return [];
  const { type = '', localhostProfile } = profile;
  const errors =
    type === ''
      ? [required(child(field, 'type'), 'type is required when seccompProfile is set')]
      : oneOf(child(field, 'type'), type, TYPES);
  const path = child(field, 'localhostProfile');
  if (type === 'Localhost') {
    return localhostProfile === undefined
      ? [...errors, required(path, 'must be set when seccomp type is Localhost')]
      : [...errors, ...descending(path, localhostProfile)];
  }
  return localhostProfile === undefined
    ? errors
    : [...errors, invalid(path, shownSeccompProfile(profile), 'can only be set when seccomp type is Localhost')];
};

const MAX_PATH = 4095;

const validateAppArmor = (field: string, profile: AppArmorProfile | undefined): FieldError[] => {
  if (profile === undefined) return [];
  const { type = '', localhostProfile: name } = profile;
  const path = child(field, 'localhostProfile');
  if (type === '') return [required(child(field, 'type'), 'type is required when appArmorProfile is set')];
  if (!TYPES.includes(type)) return [notSupported(child(field, 'type'), type, TYPES)];
  if (type !== 'Localhost') {
    return name === undefined ? [] : [invalid(path, name, 'can only be set when AppArmor type is Localhost')];
  }
  const unset = required(path, 'must be set when AppArmor type is Localhost');
  if (name === undefined) return [unset];
  const errors = name === name.trim() ? [] : [invalid(path, name, 'must not be padded with whitespace')];
  if (name === '') errors.push(unset);
  return Buffer.byteLength(name) > MAX_PATH ? [...errors, tooLong(path, MAX_PATH)] : errors;
};

const MAX_SPEC = 64 * 1024;
const MAX_DOMAIN = 256;
const MAX_USER = 104;
const NET_BIOS = /^[^\\/:*?"<>|.][^\\/:*?"<>|]{0,14}$/;
const DNS_LABEL = '[a-zA-Z0-9](?:[a-zA-Z0-9-]{0,61}[a-zA-Z0-9])?';
const DNS_DOMAIN = new RegExp(String.raw`^${DNS_LABEL}(?:\.${DNS_LABEL})*$`);
const FORBIDDEN_IN_USER = /["/\\:;|=,+*?<>@[\]]/;

/** `DOMAIN\user`, where the domain may be left out: what is wrong with it. */
const wrongUserName = (name: string): string[] => {
  if (name === '') return ['runAsUserName cannot be an empty string'];
  // oxlint-disable-next-line no-control-regex
  if (/[\u0000-\u001f\u007f]/.test(name)) return ['runAsUserName cannot contain control characters'];
  const parts = name.split('\\');
  if (parts.length > 2) return ['runAsUserName cannot contain more than one backslash'];
  const [domain, user = ''] = parts.length === 1 ? [undefined, parts[0]] : parts;
  const wrong: string[] = [];
  if (domain !== undefined && Buffer.byteLength(domain) >= MAX_DOMAIN) {
    wrong.push(`runAsUserName's Domain length must be under ${MAX_DOMAIN} characters`);
  }
  if (domain !== undefined && !NET_BIOS.test(domain) && !DNS_DOMAIN.test(domain)) {
    wrong.push("runAsUserName's Domain doesn't match the NetBios nor the DNS format");
  }
  if (user === '') wrong.push("runAsUserName's User cannot be empty");
  else if (Buffer.byteLength(user) > MAX_USER) {
    wrong.push(`runAsUserName's User length must not be longer than ${MAX_USER} characters`);
  }
  if (/^[. ]+$/.test(user)) wrong.push("runAsUserName's User cannot contain only periods or spaces");
  if (FORBIDDEN_IN_USER.test(user)) {
    wrong.push(`runAsUserName's User cannot contain the following characters: "/\\:;|=,+*?<>@[]`);
  }
  return wrong;
};

const validateWindows = (field: string, options: WindowsSecurityContextOptions | undefined): FieldError[] => {
  if (options === undefined) return [];
  const { gmsaCredentialSpecName: name, gmsaCredentialSpec: spec, runAsUserName: user } = options;
  const errors =
    name === undefined ? [] : invalidEach(child(field, 'gmsaCredentialSpecName'), name, dns1123Subdomain(name));
  const path = child(field, 'gmsaCredentialSpec');
  if (spec === '') errors.push(invalid(path, spec, 'gmsaCredentialSpec cannot be an empty string'));
  if (Buffer.byteLength(spec ?? '') > MAX_SPEC) {
    errors.push(invalid(path, spec, 'gmsaCredentialSpec size must be under 64 KiB'));
  }
  return user === undefined
    ? errors
    : [...errors, ...invalidEach(child(field, 'runAsUserName'), user, wrongUserName(user))];
};

export const validateSecurityContext = (
  field: string,
  context: SecurityContext | undefined,
  sharesUsers: boolean,
): FieldError[] => {
  if (context === undefined) return [];
  const errors = [
    ...id(child(field, 'runAsUser'), context.runAsUser),
    ...id(child(field, 'runAsGroup'), context.runAsGroup),
    ...oneOf(child(field, 'procMount'), context.procMount, ['Default', 'Unmasked']),
    ...(sharesUsers && context.procMount === 'Unmasked'
      ? [invalid(child(field, 'procMount'), 'Unmasked', '`hostUsers` must be false to use `Unmasked`')]
      : []),
    ...validateSeccomp(child(field, 'seccompProfile'), context.seccompProfile),
  ];
  if (context.allowPrivilegeEscalation === false) {
    const cannot = (what: string) =>
      invalid(field, shownSecurityContext(context), `cannot set \`allowPrivilegeEscalation\` to false and ${what}`);
    if (context.privileged === true) errors.push(cannot('`privileged` to true'));
    for (const added of context.capabilities?.add ?? []) {
      if (added === 'CAP_SYS_ADMIN') errors.push(cannot('`capabilities.Add` CAP_SYS_ADMIN'));
    }
  }
  return [
    ...errors,
    ...validateWindows(child(field, 'windowsOptions'), context.windowsOptions),
    ...validateAppArmor(child(field, 'appArmorProfile'), context.appArmorProfile),
  ];
};

const SYSCTL_FORMAT = String.raw`^([a-z0-9]([-_a-z0-9]*[a-z0-9])?[\./])*[a-z0-9]([-_a-z0-9]*[a-z0-9])?$`;
const SYSCTL = new RegExp(SYSCTL_FORMAT);
const MAX_SYSCTL = 253;

/** Names of sysctls have dots between their parts, or slashes: the first of the two says which. */
const dotted = (name: string): string => {
  const first = /[./]/.exec(name)?.[0];
  return first === '/' ? name.replaceAll(/[./]/g, (mark) => (mark === '/' ? '.' : '/')) : name;
};
const IPC_SYSCTLS = new Set([
  'kernel.sem',
  'kernel.shm_rmid_forced',
  'kernel.msgmax',
  'kernel.msgmnb',
  'kernel.msgmni',
]);

/** A pod that shares a namespace with its node may not set what belongs to the node. */
export const isSysctlOfNode = (sysctl: string, { hostNetwork, hostIPC }: PodSpec): string | undefined => {
  const name = dotted(sysctl);
  if (hostNetwork === true && name.startsWith('net.')) return "may not be specified when 'hostNetwork' is true";
  const isIpc = /^(kernel\.(shm|msg|sem)|fs\.mqueue\.)/.test(name) || IPC_SYSCTLS.has(name);
  return hostIPC === true && isIpc ? "may not be specified when 'hostIPC' is true" : undefined;
};

const validateSysctls = (field: string, spec: PodSpec, rules: PodRules): FieldError[] => {
  const seen = new Set<string>();
  return each(field, spec.securityContext?.sysctls, ({ name = '' }, at) => {
    const path = child(at, 'name');
    const errors: FieldError[] = [];
    if (name === '') errors.push(required(path));
    else if (Buffer.byteLength(name) > MAX_SYSCTL || !SYSCTL.test(name)) {
      errors.push(invalid(path, name, `must have at most ${MAX_SYSCTL} characters and match regex ${SYSCTL_FORMAT}`));
    } else if (seen.has(name)) errors.push(duplicate(path, name));
    seen.add(name);
    const ofNode = rules.allowHostSysctls === true ? undefined : isSysctlOfNode(name, spec);
    return ofNode === undefined ? errors : [...errors, invalid(path, name, ofNode)];
  });
};

export const validatePodSecurityContext = (field: string, spec: PodSpec, rules: PodRules): FieldError[] => {
  const context: PodSecurityContext = spec.securityContext ?? {};
  return [
    ...id(child(field, 'fsGroup'), context.fsGroup),
    ...id(child(field, 'runAsUser'), context.runAsUser),
    ...id(child(field, 'runAsGroup'), context.runAsGroup),
    ...each(child(field, 'supplementalGroups'), context.supplementalGroups, (group, path) => id(path, group)),
    ...(spec.shareProcessNamespace === true && spec.hostPID === true
      ? [
          invalid(
            child(field, 'shareProcessNamespace'),
            true,
            'ShareProcessNamespace and HostPID cannot both be enabled',
          ),
        ]
      : []),
    ...validateSysctls(child(field, 'sysctls'), spec, rules),
    ...oneOf(child(field, 'fsGroupChangePolicy'), context.fsGroupChangePolicy, ['Always', 'OnRootMismatch']),
    ...validateSeccomp(child(field, 'seccompProfile'), context.seccompProfile),
    ...validateWindows(child(field, 'windowsOptions'), context.windowsOptions),
    ...validateAppArmor(child(field, 'appArmorProfile'), context.appArmorProfile),
    ...oneOf(child(field, 'supplementalGroupsPolicy'), context.supplementalGroupsPolicy, ['Merge', 'Strict']),
    ...oneOf(
      child(field, 'seLinuxChangePolicy'),
      context.seLinuxChangePolicy,
      rules.allowAnySelinuxPolicy === true ? ['MountOption', 'Recursive'] : ['Recursive'],
    ),
  ];
};
