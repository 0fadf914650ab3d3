import type { Library } from '../environment.js';
import { objectType } from '../types.js';
import { CelError, EntriesMap, ExtensionValue } from '../values.js';

const URL_TYPE = objectType('kubernetes.URL');

const PARTS = /^(?:([A-Za-z][A-Za-z0-9+.-]*):\/\/([^/?]*))?([^?]*)(?:\?([^]*))?$/;

/** A URL as Go takes it apart. */
class UrlValue extends ExtensionValue {
  readonly type = URL_TYPE;

  constructor(
    readonly text: string,
    readonly scheme: string,
    readonly host: string,
    readonly path: string,
    readonly query: string,
  ) {
    super();
  }

  equals(other: UrlValue): boolean {
    return this.text === other.text;
  }
}

const HOST = /^(?:[^@]*@)?(\[[0-9A-Fa-f:.%]+\]|[^:[\]<>"\s\\^`{|}]*)(?::(\d*))?$/;
const BROKEN = /[\0-\x20\x7f]|%(?![0-9A-Fa-f]{2})/;

const read = (text: string): UrlValue | undefined => {
  if (text === '' || BROKEN.test(text)) return undefined;
  const [, scheme, authority = '', path = '', query = ''] = PARTS.exec(text) ?? [];
  if (scheme === undefined && !text.startsWith('/')) return undefined;
  if (!HOST.test(authority)) return undefined;
  return new UrlValue(text, (scheme ?? '').toLowerCase(), authority.replace(/^[^@]*@/, ''), path, query);
};

const url = (text: string): UrlValue => {
  const found = read(text);
  if (found !== undefined) return found;
  throw new CelError(
    `URL parse error during conversion from string: parse ${JSON.stringify(text)}: invalid URI for request`,
  );
};

const hostname = ({ host }: UrlValue): string => (HOST.exec(host)?.[1] ?? '').replace(/^\[|\]$/g, '');
const port = ({ host }: UrlValue): string => HOST.exec(host)?.[2] ?? '';

const escapedPath = ({ path }: UrlValue): string =>
  path.replaceAll(/[^A-Za-z0-9\-_.~!$&'()*+,;=:@/%[\]]/g, (character) => encodeURIComponent(character));

const query = (value: UrlValue): EntriesMap => {
  const values = new Map<string, string[]>();
  for (const [key, each] of new URLSearchParams(value.query)) values.set(key, [...(values.get(key) ?? []), each]);
  return new EntriesMap(values);
};

export const URLS: Library = {
  url: { 'string_to_url (string) -> kubernetes.URL': url },
  isURL: { 'is_url_string (string) -> bool': (text: string) => read(text) !== undefined },
  getScheme: { 'url_get_scheme kubernetes.URL.() -> string': ({ scheme }: UrlValue) => scheme },
  getHost: { 'url_get_host kubernetes.URL.() -> string': ({ host }: UrlValue) => host },
  getHostname: { 'url_get_hostname kubernetes.URL.() -> string': hostname },
  getPort: { 'url_get_port kubernetes.URL.() -> string': port },
  getEscapedPath: { 'url_get_escaped_path kubernetes.URL.() -> string': escapedPath },
  getQuery: { 'url_get_query kubernetes.URL.() -> map(string, list(string))': query },
};
