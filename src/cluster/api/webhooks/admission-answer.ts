import { isRecord } from '../../../objects/json.js';
import { readJson } from '../../../objects/lossless-json.js';
import { goType, selfName } from './webhook-reply.js';

/** What a webhook says about a request. */
export interface AdmissionAnswer {
  readonly allowed: boolean;
  readonly warnings: readonly string[];
  /** Why it refuses: a `v1` Status. */
  readonly status?: Readonly<Record<string, unknown>>;
  /** The operations of a JSON patch, not checked yet. */
  readonly patch?: readonly unknown[];
}

interface Expected {
  readonly version: string;
  readonly uid: string;
  /** Whether it may change the object. */
  readonly mutates: boolean;
}

type Response = Readonly<Record<string, unknown>>;

/** The answer in a review. Throws what is wrong with it, in the words of kube-apiserver. */
export const admissionAnswer = (review: Readonly<Record<string, unknown>>, expected: Expected): AdmissionAnswer => {
  const { response } = review;
  checkTypes(response);
  if (response === undefined || response === null) throw wrong('webhook response was absent');
  const answer = response as Response;
  if (expected.version === 'v1') checkReview(review, answer, expected.uid);
  const patch = patchOf(answer, expected);
  const { allowed, warnings, status } = answer;
  return {
    allowed: allowed === true,
    warnings: (warnings ?? []) as readonly string[],
    ...(isRecord(status) ? { status } : {}),
    ...(patch === undefined ? {} : { patch }),
  };
};

const wrong = (why: string): Error => new Error(`received invalid webhook response: ${why}`);

const KIND = 'admission.k8s.io/v1, Kind=AdmissionReview';

const checkReview = (review: Readonly<Record<string, unknown>>, { uid }: Response, asked: string): void => {
  if (uid !== asked) {
    throw wrong(`expected response.uid=${JSON.stringify(asked)}, got ${JSON.stringify(uid ?? '')}`);
  }
  const given = selfName(review);
  if (given !== KIND) throw wrong(`expected webhook response of ${KIND}, got ${given}`);
};

const patchOf = (answer: Response, { version, mutates }: Expected): readonly unknown[] | undefined => {
  const { patch = '', patchType } = answer as { patch?: string; patchType?: string };
  const isTyped = version === 'v1';
  if (!mutates) {
    if (isTyped && patch !== '') throw wrong('validating webhook may not return response.patch');
    if (isTyped && patchType !== undefined) throw wrong('validating webhook may not return response.patchType');
    return undefined;
  }
  if (isTyped) {
    if (patch !== '' && patchType === undefined)
      throw wrong('webhook returned response.patch but not response.patchType');
    if (patch === '' && patchType !== undefined)
      throw wrong('webhook returned response.patchType but not response.patch');
    if (patchType === '') throw wrong('webhook returned invalid response.patchType of ""');
  }
  if (patch === '') return undefined;
  const operations = operationsOf(Buffer.from(patch, 'base64').toString('utf8'));
  if (operations.length === 0) return undefined;
  if (isTyped && patchType !== 'JSONPatch') throw new Error(`unsupported patch type ${JSON.stringify(patchType)}`);
  return operations;
};

const operationsOf = (text: string): readonly unknown[] => {
  let value: unknown;
  try {
    value = readJson(text);
  } catch {
    const [character = ''] = text.trimStart();
    const why =
      character === ''
        ? 'unexpected end of JSON input'
        : `invalid character ${JSON.stringify(character).replaceAll('"', "'")} looking for beginning of value`;
    throw new Error(`received undecodable patch in webhook response: ${why}`);
  }
  if (Array.isArray(value)) return value as unknown[];
  if (value === null) return [];
  throw new Error(
    `received undecodable patch in webhook response: json: cannot unmarshal ${goType(value)} into Go value of type jsonpatch.Patch`,
  );
};

/** The fields of a response, with the types that Kubernetes gives them. */
const TYPES: Readonly<Record<string, readonly [form: string, type: string]>> = {
  uid: ['string', 'types.UID'],
  allowed: ['bool', 'bool'],
  status: ['object', 'v1.Status'],
  patch: ['string', '[]uint8'],
  patchType: ['string', 'v1.PatchType'],
  auditAnnotations: ['object', 'map[string]string'],
  warnings: ['array', '[]string'],
};

/** A value of another type than its field. */
const unmarshal = (value: unknown, field: string, type: string): Error =>
  new Error(
    `failed to call webhook: json: cannot unmarshal ${goType(value)} into Go struct field ${field} of type ${type}`,
  );

const checkTypes = (response: unknown): void => {
  if (response === undefined || response === null) return;
  if (!isRecord(response)) throw unmarshal(response, 'AdmissionReview.response', 'v1.AdmissionResponse');
  for (const [name, [form, type]] of Object.entries(TYPES)) {
    const value = response[name];
    if (value === undefined || value === null) continue;
    if (goType(value) !== form) throw unmarshal(value, `AdmissionResponse.response.${name}`, type);
  }
  const texts = (response['warnings'] ?? []) as readonly unknown[];
  const other = texts.find((text) => typeof text !== 'string');
  if (other !== undefined) throw unmarshal(other, 'AdmissionResponse.response.warnings', 'string');
  const at = base64Fault((response['patch'] ?? '') as string);
  if (at !== undefined) throw new Error(`failed to call webhook: illegal base64 data at input byte ${at}`);
};

/** Where a text stops to be base64; undefined for one that is. */
const base64Fault = (text: string): number | undefined => {
  const plain = text.replaceAll(/[\r\n]/g, '');
  const good = /^[A-Za-z0-9+/]*/.exec(plain)?.[0].length ?? 0;
  const rest = plain.slice(good);
  if (rest === '' && good % 4 === 0) return undefined;
  return (rest === '=' && good % 4 === 3) || (rest === '==' && good % 4 === 2) ? undefined : good;
};
