import { GoError } from '../template/errors.js';
import { toBytes, fromBytes } from '../template/go-string.js';
import { goQuote } from '../template/quote.js';
import { type GoMap, kindName, type Value } from '../template/values.js';
import { type Family, fn } from './define.js';

interface GoUrl {
  scheme: string;
  opaque: string;
  user: { readonly name: string; readonly password: string | undefined } | undefined;
  host: string;
  path: string;
  rawPath: string;
  query: string;
  hasQuery: boolean;
  fragment: string;
}

type EscapeMode = 'path' | 'userinfo' | 'fragment' | 'host';

const unescape = (text: string): string | undefined => {
  if (!text.includes('%')) return text;
  if (/%(?![0-9a-fA-F]{2})/.test(text)) return undefined;
  const bytes: number[] = [];
  const source = toBytes(text);
  for (let i = 0; i < source.length; i++) {
    if (source[i] === 37) {
      bytes.push(Number.parseInt(String.fromCharCode(source[i + 1] ?? 0, source[i + 2] ?? 0), 16));
      i += 2;
    } else {
      bytes.push(source[i] ?? 0);
    }
  }
  return fromBytes(Uint8Array.from(bytes));
};

const KEPT: Readonly<Record<EscapeMode, string>> = {
  path: '$&+,/:;=@',
  userinfo: '$&+,;=',
  fragment: "$&+,/:;=?@!'()*",
  host: '!$&\'()*+,;=:[]<>"',
};

const escape = (text: string, mode: EscapeMode): string =>
  Array.from(toBytes(text), (byte) => {
    const c = String.fromCharCode(byte);
    if (/[A-Za-z0-9\-_.~]/.test(c) || (byte < 128 && KEPT[mode].includes(c))) return c;
    return `%${byte.toString(16).toUpperCase().padStart(2, '0')}`;
  }).join('');

const fail = (url: string, problem: string): GoError =>
  new GoError(`unable to parse url: parse ${goQuote(url)}: ${problem}`);

const cut = (text: string, separator: string): [string, string | undefined] => {
  const at = text.indexOf(separator);
  return at < 0 ? [text, undefined] : [text.slice(0, at), text.slice(at + separator.length)];
};

const schemeOf = (text: string, whole: string): [string, string] => {
  const match = /^([a-zA-Z][a-zA-Z0-9+.-]*):/.exec(text);
  if (match !== null) return [match[1]?.toLowerCase() ?? '', text.slice(match[0].length)];
  if (text.startsWith(':')) throw fail(whole, 'missing protocol scheme');
  return ['', text];
};

const parseAuthority = (url: GoUrl, authority: string, whole: string): void => {
  const at = authority.lastIndexOf('@');
  const host = authority.slice(at + 1);
  if (at >= 0) {
    const [name, password] = cut(authority.slice(0, at), ':');
    url.user = {
      name: unescape(name) ?? name,
      password: password === undefined ? undefined : (unescape(password) ?? password),
    };
  }
  if (host.startsWith('[') && !host.includes(']')) throw fail(whole, "missing ']' in host");
  const port = /:([^\]:]*)$/.exec(host)?.[1];
  if (port !== undefined && !/^[0-9]*$/.test(port)) throw fail(whole, `invalid port ${goQuote(`:${port}`)} after host`);
  if (/[ "<>]/.test(host))
    throw fail(whole, `invalid character ${goQuote(/[ "<>]/.exec(host)?.[0] ?? '')} in host name`);
  url.host = unescape(host) ?? host;
};

/** net/url.Parse. Throws GoError. */
const parse = (text: string): GoUrl => {
  // oxlint-disable-next-line no-control-regex
  if (/[\0-\x1f\x7f]/.test(text)) throw fail(text, 'net/url: invalid control character in URL');
  const [beforeFragment, rawFragment = ''] = cut(text, '#');
  const [scheme, afterScheme] = schemeOf(beforeFragment, text);
  const [beforeQuery, query] = cut(afterScheme, '?');
  const url: GoUrl = {
    scheme,
    opaque: '',
    user: undefined,
    host: '',
    path: '',
    rawPath: '',
    query: query ?? '',
    hasQuery: query !== undefined,
    fragment: unescape(rawFragment) ?? rawFragment,
  };
  let rest = beforeQuery;
  if (!rest.startsWith('/')) {
    if (scheme !== '') return { ...url, opaque: rest };
    if (/^[^/]*:/.test(rest)) throw fail(text, 'first path segment in URL cannot contain colon');
  }
  if (rest.startsWith('//') && (scheme !== '' || !rest.startsWith('///'))) {
    const slash = rest.indexOf('/', 2);
    parseAuthority(url, slash < 0 ? rest.slice(2) : rest.slice(2, slash), text);
    rest = slash < 0 ? '' : rest.slice(slash);
  }
  const path = unescape(rest);
  if (path === undefined)
    throw fail(text, `invalid URL escape ${goQuote(/%(?![0-9a-fA-F]{2}).{0,2}/.exec(rest)?.[0] ?? '')}`);
  url.path = path;
  url.rawPath = escape(path, 'path') === rest ? '' : rest;
  return url;
};

const userText = (user: GoUrl['user']): string => {
  if (user === undefined) return '';
  const name = escape(user.name, 'userinfo');
  return user.password === undefined ? name : `${name}:${escape(user.password, 'userinfo')}`;
};

/** URL.String. */
const urlText = (url: GoUrl): string => {
  let out = url.scheme === '' ? '' : `${url.scheme}:`;
  if (url.opaque !== '') {
    out += url.opaque;
  } else {
    if (url.scheme !== '' || url.host !== '' || url.user !== undefined) {
      if (url.host !== '' || url.path !== '' || url.user !== undefined) out += '//';
      if (url.user !== undefined) out += `${userText(url.user)}@`;
      out += escape(url.host, 'host');
    }
    const path = url.rawPath === '' ? escape(url.path, 'path') : url.rawPath;
    if (path !== '' && !path.startsWith('/') && url.host !== '') out += '/';
    if (out === '' && /^[^/]*:/.test(path)) out += './';
    out += path;
  }
  if (url.query !== '') out += `?${url.query}`;
  if (url.fragment !== '') out += `#${escape(url.fragment, 'fragment')}`;
  return out;
};

const hostname = (host: string): string => {
  const bracket = /^\[([^\]]*)\]/.exec(host);
  return bracket === null ? host.replace(/:[0-9]*$/, '') : (bracket[1] ?? '');
};

const urlParse = (text: string): Value => {
  const url = parse(text);
  return new Map<string, Value>([
    ['scheme', url.scheme],
    ['host', url.host],
    ['hostname', hostname(url.host)],
    ['path', url.path],
    ['query', url.query],
    ['opaque', url.opaque],
    ['fragment', url.fragment],
    ['userinfo', userText(url.user)],
  ]);
};

const textAt = (map: GoMap, key: string): string => {
  if (!map.has(key)) return '';
  const value = map.get(key);
  if (typeof value === 'string') return value;
  throw new GoError(`unable to parse ${key} key, must be of type string, but ${kindName(value)} found`);
};

const urlJoin = (map: GoMap): string => {
  const userinfo = textAt(map, 'userinfo');
  return urlText({
    scheme: textAt(map, 'scheme'),
    host: textAt(map, 'host'),
    path: textAt(map, 'path'),
    rawPath: '',
    query: textAt(map, 'query'),
    hasQuery: false,
    opaque: textAt(map, 'opaque'),
    fragment: textAt(map, 'fragment'),
    user: userinfo === '' ? undefined : parse(`proto://${userinfo}@host`).user,
  });
};

/** Sprig's functions on addresses. */
export const urls: Family = {
  urlParse: fn(['string'], urlParse),
  urlJoin: fn(['map'], urlJoin),
};
