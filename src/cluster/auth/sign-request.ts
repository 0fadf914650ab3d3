import * as x509 from '@peculiar/x509';
import type { KeyedCertificate } from './certificates.js';
import { importKey, signingAlgorithm, validity } from './certificates.js';

export interface SigningOptions {
  /** As a CertificateSigningRequest names them: `digital signature`, `client auth`. */
  readonly usages: readonly string[];
  readonly seconds: number;
  readonly now: number;
}

/** What a signer wants to know of a request for a certificate. */
export interface RequestFacts {
  readonly commonName: string;
  readonly organizations: readonly string[];
  /** Names of every kind that the certificate shall hold. */
  readonly alternatives: Readonly<Record<'dns' | 'ip' | 'email' | 'url', number>>;
}

/** Reads a request (PEM). Throws when it is none. */
export const readRequest = (pem: string): RequestFacts => {
  const request = new x509.Pkcs10CertificateRequest(pem);
  const names = request.subjectName;
  const alternatives = { dns: 0, ip: 0, email: 0, url: 0 };
  for (const { type } of alternativeNames(request)?.names.items ?? []) {
    if (Object.hasOwn(alternatives, type)) alternatives[type as keyof typeof alternatives] += 1;
  }
  return { commonName: names.getField('CN')[0] ?? '', organizations: names.getField('O'), alternatives };
};

/** The certificate (PEM) that a request (PEM) asks for, signed by the authority. Throws when it is not well-formed. */
export const signRequest = async (
  authority: KeyedCertificate,
  pem: string,
  { usages, seconds, now }: SigningOptions,
): Promise<string> => {
  const request = new x509.Pkcs10CertificateRequest(pem);
  if (!(await request.verify())) throw new Error('the signature of the request is wrong');
  const issuer = new x509.X509Certificate(authority.certificate);
  const keyUsage = usages.reduce((all, usage) => all | (KEY_USAGES[usage] ?? 0), 0);
  const extended = usages.flatMap((usage) => EXTENDED_USAGES[usage] ?? []);
  const names = alternativeNames(request);
  const certificate = await x509.X509CertificateGenerator.create({
    ...(await validity(now, seconds / 86_400)),
    subject: request.subjectName,
    issuer: issuer.subject,
    publicKey: request.publicKey,
    signingKey: await importKey(authority.key),
    signingAlgorithm,
    extensions: [
      ...(keyUsage === 0 ? [] : [new x509.KeyUsagesExtension(keyUsage as x509.KeyUsageFlags, true)]),
      ...(extended.length === 0 ? [] : [new x509.ExtendedKeyUsageExtension(extended)]),
      new x509.BasicConstraintsExtension(false, undefined, true),
      await x509.AuthorityKeyIdentifierExtension.create(issuer),
      ...(names === undefined ? [] : [names]),
    ],
  });
  return `${certificate.toString('pem')}\n`;
};

const ALTERNATIVE_NAMES = '2.5.29.17';

const alternativeNames = (request: x509.Pkcs10CertificateRequest): x509.SubjectAlternativeNameExtension | undefined => {
  const extension = request.getExtension(ALTERNATIVE_NAMES);
  return extension instanceof x509.SubjectAlternativeNameExtension ? extension : undefined;
};

const flags = x509.KeyUsageFlags;

const KEY_USAGES: Readonly<Record<string, number>> = {
  signing: flags.digitalSignature,
  'digital signature': flags.digitalSignature,
  'content commitment': flags.nonRepudiation,
  'key encipherment': flags.keyEncipherment,
  'key agreement': flags.keyAgreement,
  'data encipherment': flags.dataEncipherment,
  'cert sign': flags.keyCertSign,
  'crl sign': flags.cRLSign,
  'encipher only': flags.encipherOnly,
  'decipher only': flags.decipherOnly,
};

const EXTENDED_USAGES: Readonly<Record<string, string>> = {
  any: '2.5.29.37.0',
  'server auth': x509.ExtendedKeyUsage.serverAuth,
  'client auth': x509.ExtendedKeyUsage.clientAuth,
  'code signing': x509.ExtendedKeyUsage.codeSigning,
  'email protection': x509.ExtendedKeyUsage.emailProtection,
  's/mime': x509.ExtendedKeyUsage.emailProtection,
  'ipsec end system': '1.3.6.1.5.5.7.3.5',
  'ipsec tunnel': '1.3.6.1.5.5.7.3.6',
  'ipsec user': '1.3.6.1.5.5.7.3.7',
  timestamping: x509.ExtendedKeyUsage.timeStamping,
  'ocsp signing': x509.ExtendedKeyUsage.ocspSigning,
  'microsoft sgc': '1.3.6.1.4.1.311.10.3.3',
  'netscape sgc': '2.16.840.1.113730.4.1',
};
