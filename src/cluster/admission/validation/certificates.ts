import type {
  CertificateSigningRequest,
  CertificateSigningRequestCondition,
} from '../../../objects/kinds/certificates-k8s-io-v1.js';
import {
  child,
  duplicate,
  forbidden,
  invalid,
  item,
  notSupported,
  required,
  type FieldError,
} from '../field-errors.js';
import { each, immutable } from './rules.js';
import { validateSignerName } from './signer-names.js';

const USAGES = [
  'any',
  'cert sign',
  'client auth',
  'code signing',
  'content commitment',
  'crl sign',
  'data encipherment',
  'decipher only',
  'digital signature',
  'email protection',
  'encipher only',
  'ipsec end system',
  'ipsec tunnel',
  'ipsec user',
  'key agreement',
  'key encipherment',
  'microsoft sgc',
  'netscape sgc',
  'ocsp signing',
  's/mime',
  'server auth',
  'signing',
  'timestamping',
];

const validateRequest = (field: string, request: string | undefined): FieldError[] => {
  const text = Buffer.from(request ?? '', 'base64').toString();
  return /^-----BEGIN CERTIFICATE REQUEST-----$/m.test(text)
    ? []
    : [invalid(field, request ?? null, 'PEM block type must be CERTIFICATE REQUEST')];
};

const repeated = (field: string, values: readonly string[]): FieldError[] =>
  values.flatMap((value, index) => (values.indexOf(value) < index ? [duplicate(item(field, index), value)] : []));

export const validateSigningRequest = ({ spec }: CertificateSigningRequest): FieldError[] => {
  const { usages = [], expirationSeconds } = spec;
  const errors = validateRequest('spec.request', spec.request);
  if (usages.length === 0) errors.push(required('spec.usages'));
  const tooShort = expirationSeconds !== undefined && expirationSeconds < 600;
  return [
    ...errors,
    ...each('spec.usages', usages, (usage, path) =>
      USAGES.includes(usage) ? [] : [notSupported(path, usage, USAGES)],
    ),
    ...repeated('spec.usages', usages),
    ...validateSignerName('spec.signerName', spec.signerName ?? ''),
    ...(tooShort
      ? [
          invalid(
            'spec.expirationSeconds',
            expirationSeconds,
            'may not specify a duration less than 600 seconds (10 minutes)',
          ),
        ]
      : []),
  ];
};

export const validateSigningRequestUpdate = (
  request: CertificateSigningRequest,
  old: CertificateSigningRequest,
): FieldError[] => immutable('spec', request.spec, old.spec);

/** Decisions that stay. */
const DECISIONS = ['Approved', 'Denied', 'Failed'];

const typesOf = ({ status }: CertificateSigningRequest): readonly string[] =>
  (status?.conditions ?? []).map(({ type }) => type);

const validateCondition = ({ type, status }: CertificateSigningRequestCondition, path: string): FieldError[] => {
  if ((type ?? '') === '') return [required(child(path, 'type'))];
  if ((status ?? '') === '') return [required(child(path, 'status'))];
  const allowed = DECISIONS.includes(type) ? ['True'] : ['False', 'True', 'Unknown'];
  return allowed.includes(status) ? [] : [notSupported(child(path, 'status'), status, allowed)];
};

const counted = (type: string, types: readonly string[]): number => types.filter((each) => each === type).length;

/** What a write to the status or the approval of a request must keep. */
export const validateSigningStatus = (
  request: CertificateSigningRequest,
  old: CertificateSigningRequest,
  subresource: string,
): FieldError[] => {
  const field = 'status.conditions';
  const [types, before] = [typesOf(request), typesOf(old)];
  const protectedTypes = subresource === 'status' ? ['Approved', 'Denied'] : [];
  const both = types.includes('Approved') && types.includes('Denied');
  const latter = Math.max(types.indexOf('Approved'), types.indexOf('Denied'));
  return [
    ...each(field, request.status?.conditions, validateCondition),
    ...types.flatMap((type, index) =>
      types.indexOf(type) < index ? [duplicate(child(item(field, index), 'type'), type)] : [],
    ),
    ...(both
      ? [
          invalid(
            child(item(field, latter), 'type'),
            types[latter],
            'Approved and Denied conditions are mutually exclusive',
          ),
        ]
      : []),
    ...protectedTypes
      .filter((type) => counted(type, types) > counted(type, before))
      .map((type) => forbidden(field, `updates may not add a condition of type ${JSON.stringify(type)}`)),
    ...DECISIONS.filter((type) => counted(type, types) < counted(type, before)).map((type) =>
      forbidden(field, `updates may not remove a condition of type ${JSON.stringify(type)}`),
    ),
  ];
};
