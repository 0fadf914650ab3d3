import { X509Certificate } from 'node:crypto';

/** When a certificate (PEM) stops being valid, in milliseconds since 1970. */
export const expiryOf = (certificate: string): number => Date.parse(new X509Certificate(certificate).validTo);

/** The names and addresses that a server certificate (PEM) holds. */
export const hostsOf = (certificate: string): readonly string[] =>
  (new X509Certificate(certificate).subjectAltName ?? '')
    .split(', ')
    .filter((name) => name !== '')
    .map((name) => name.slice(name.indexOf(':') + 1));
