import { X509Certificate } from 'node:crypto';
import { dns1123Subdomain, outOfRange } from '../../../objects/names.js';
import { child, invalid, required, type FieldError } from '../field-errors.js';

const FORM = '; desired format: https://host[/path]';
const URL_PARTS = /^(?:([a-zA-Z][a-zA-Z0-9+.-]*):)?(?:\/\/([^/?#]*))?([^?#]*)(?:\?([^#]*))?(?:#(.*))?$/s;

/** Why a text is no URL, in the words of Go; undefined for one that is. */
const urlFault = (url: string): string | undefined => {
  if (Array.from(url).some((character) => character < ' ' || character === '\u007f'))
    return 'net/url: invalid control character in URL';
  if (url.startsWith(':')) return 'missing protocol scheme';
  const [escape] = /%(?![0-9a-fA-F]{2}).{0,2}/s.exec(url) ?? [];
  if (escape !== undefined) return `invalid URL escape ${JSON.stringify(escape)}`;
  const [, port] = /^[a-zA-Z][a-zA-Z0-9+.-]*:\/\/[^/?#]*?(:[^/?#:\]]*)(?:[/?#]|$)/.exec(url) ?? [];
  return port === undefined || /^:\d*$/.test(port) ? undefined : `invalid port ${JSON.stringify(port)} after host`;
};

/** What is wrong with the URL of a webhook. */
export const webhookUrlErrors = (field: string, url: string): FieldError[] => {
  const fault = urlFault(url);
  if (fault !== undefined)
    return [required(field, `url must be a valid URL: parse ${JSON.stringify(url)}: ${fault}${FORM}`)];
  const [, scheme = '', authority = '', , query = '', fragment = ''] = URL_PARTS.exec(url) ?? [];
  const at = authority.lastIndexOf('@');
  const host = authority.slice(at + 1);
  return [
    ...(scheme.toLowerCase() === 'https'
      ? []
      : [invalid(field, scheme.toLowerCase(), `'https' is the only allowed URL scheme${FORM}`)]),
    ...(host === '' ? [invalid(field, host, `host must be specified${FORM}`)] : []),
    ...(at < 0 ? [] : [invalid(field, authority.slice(0, at), 'user information is not permitted in the URL')]),
    ...(fragment === '' ? [] : [invalid(field, fragment, 'fragments are not permitted in the URL')]),
    ...(query === '' ? [] : [invalid(field, query, 'query parameters are not permitted in the URL')]),
  ];
};

export interface WebhookService {
  readonly name?: string;
  readonly namespace?: string;
  readonly path?: string;
  readonly port?: number;
}

const pathErrors = (field: string, path: string): FieldError[] => {
  if (path === '' || path === '/') return [];
  if (path === '//') return [invalid(field, path, 'segment[0] may not be empty')];
  const steps = path.slice(1).replace(/\/$/, '').split('/');
  return [
    ...(path.startsWith('/') ? [] : [invalid(field, path, "must start with a '/'")]),
    ...steps.flatMap((step, index) =>
      step === ''
        ? [invalid(field, path, `segment[${index}] may not be empty`)]
        : dns1123Subdomain(step).map((why) => invalid(field, path, `segment[${index}]: ${why}`)),
    ),
  ];
};

/** What is wrong with the Service that a webhook is reached at. */
export const webhookServiceErrors = (
  field: string,
  { name = '', namespace = '', path = '', port = 443 }: WebhookService,
): FieldError[] => [
  ...(name === '' ? [required(child(field, 'name'))] : []),
  ...(namespace === '' ? [required(child(field, 'namespace'))] : []),
  ...(port >= 1 && port <= 65_535
    ? []
    : [invalid(child(field, 'port'), port, `port is not valid: ${outOfRange(1, 65_535)}`)]),
  ...pathErrors(child(field, 'path'), path),
];

/** What is wrong with the authorities that signed a webhook's certificate. */
export const authorityErrors = (field: string, bundle: string | undefined): FieldError[] => {
  if (bundle === undefined || bundle === '') return [];
  const text = Buffer.from(bundle, 'base64').toString();
  const blocks = text.match(/-----BEGIN CERTIFICATE-----.*?-----END CERTIFICATE-----/gs) ?? [];
  const why = (detail: string): FieldError[] => [invalid(field, bundle, `unable to load root certificates: ${detail}`)];
  if (blocks.length === 0) return why('unable to parse bytes as PEM block');
  try {
    for (const block of blocks) void new X509Certificate(block);
    return [];
  } catch {
    return why('failed to parse certificate');
  }
};
