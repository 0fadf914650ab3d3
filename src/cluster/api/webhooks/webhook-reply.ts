import { isRecord } from '../../../objects/json.js';
import { readJson } from '../../../objects/lossless-json.js';

/** What a webhook sent back. */
export interface WebhookReply {
  readonly code: number;
  readonly type: string;
  readonly text: string;
}

/** The review that is expected in a reply. */
export interface ReviewKind {
  readonly group: string;
  readonly version: string;
  readonly kind: string;
  /** Where Kubernetes keeps the kinds that it expects: named when it knows the kind of a reply not at all. */
  readonly scheme: string;
}

/** `admission.k8s.io/v1, Kind=AdmissionReview`, as a review calls itself; `/, Kind=` when it does not. */
export const selfName = ({ apiVersion, kind }: Readonly<Record<string, unknown>>): string =>
  `${typeof apiVersion === 'string' ? apiVersion : '/'}, Kind=${typeof kind === 'string' ? kind : ''}`;

/** The review in a reply. Throws what is wrong with the reply, in the words of Kubernetes' client. */
export const readReview = (reply: WebhookReply, wanted: ReviewKind): Readonly<Record<string, unknown>> => {
  const { code, type, text } = reply;
  if (code < 200 || code > 206) throw new Error(serverFault(reply));
  if (text === '') throw new Error(`0-length response with status code: ${code} and content type: ${type}`);
  const value = parsed(text) ?? {};
  if (!isRecord(value)) {
    const struct = String.raw`struct { APIVersion string "json:\"apiVersion,omitempty\""; Kind string "json:\"kind,omitempty\"" }`;
    throw new Error(
      `couldn't get version/kind; json parse error: json: cannot unmarshal ${goType(value)} into Go value of type ${struct}`,
    );
  }
  checkKind(value, wanted);
  return value;
};

/** What is no JSON is text: YAML is accepted too. */
const parsed = (text: string): unknown => {
  try {
    return readJson(text);
  } catch {
    return text;
  }
};

/** A JSON value as Go's decoder calls it. */
export const goType = (value: unknown): string => {
  if (Array.isArray(value)) return 'array';
  if (typeof value === 'boolean') return 'bool';
  return typeof value === 'bigint' ? 'number' : typeof value;
};

const checkKind = (value: Readonly<Record<string, unknown>>, { group, version, kind, scheme }: ReviewKind): void => {
  const { apiVersion = `${group}/${version}`, kind: given = kind } = value;
  if (given === kind && apiVersion === `${group}/${version}`) return;
  const [givenGroup, givenVersion] = splitVersion(String(apiVersion));
  const isKnown = (given === kind && givenGroup === group) || (given === 'Status' && apiVersion === 'v1');
  throw new Error(
    isKnown
      ? `converting (${givenVersion}.${given}) to (${version}.${kind}): unknown conversion`
      : `no kind "${String(given)}" is registered for version "${String(apiVersion)}" in scheme "${scheme}"`,
  );
};

const splitVersion = (apiVersion: string): readonly [string, string] => {
  const slash = apiVersion.indexOf('/');
  return [apiVersion.slice(0, Math.max(slash, 0)), apiVersion.slice(slash + 1)];
};

const FAULTS: Readonly<Record<number, string>> = {
  400: 'the server rejected our request for an unknown reason',
  401: 'the server has asked for the client to provide credentials',
  404: 'the server could not find the requested resource',
  405: 'the server does not allow this method on the requested resource',
  409: 'the server reported a conflict',
  422: 'the server rejected our request due to an error in our request',
  429: 'the server has received too many requests and has asked us to try again later',
  503: 'the server is currently unable to handle the request',
  504: 'the server was unable to return a response in the time allotted, but may still be processing the request',
};

/** As much of a plain text as is repeated. */
const SHOWN_TEXT = 2048;

/** A reply that is no success. */
const serverFault = ({ code, type, text }: WebhookReply): string => {
  const status = parsed(text);
  if (isRecord(status) && status['kind'] === 'Status' && typeof status['message'] === 'string')
    return status['message'];
  const isText = type === '' || type.startsWith('text/');
  const said = isText ? text.slice(0, SHOWN_TEXT).trim() : 'unknown';
  if (code === 403 || code === 415) return said;
  if (code === 406) {
    return said === '' || said === 'unknown'
      ? 'the server was unable to respond with a content type that the client supports'
      : said;
  }
  const known = FAULTS[code];
  if (known !== undefined) return known;
  return code >= 500
    ? `an error on the server (${JSON.stringify(said)}) has prevented the request from succeeding`
    : `the server responded with the status code ${code} but did not return more information`;
};
