import { createHash, sign, type KeyObject } from 'node:crypto';
import { isIP, isIPv4 } from 'node:net';
import {
  bitString,
  boolean,
  element,
  integer,
  namedBits,
  objectIdentifier,
  octetString,
  sequence,
  setOf,
  time,
  utf8String,
} from './der.ts';

/** Attributes in their order, the most general first: `{ organization: 'system:masters', commonName: 'admin' }`. */
export interface DistinguishedName {
  readonly organization?: string | undefined;
  readonly commonName: string;
}

export interface CertificateRequest {
  readonly serialNumber: bigint;
  readonly subject: DistinguishedName;
  readonly issuer: DistinguishedName;
  /** Milliseconds. */
  readonly notBefore: number;
  readonly notAfter: number;
  /** P-256, as are all keys here. */
  readonly publicKey: KeyObject;
  /** Of the issuer. */
  readonly signingKey: KeyObject;
  readonly issuerKey: KeyObject;
  readonly role: CertificateRole;
}

/** An authority signs certificates; a server is reached by the names; a client proves who it is. */
export type CertificateRole =
  | { readonly kind: 'authority' }
  | { readonly kind: 'server'; readonly names: readonly string[] }
  | { readonly kind: 'client' };

const identifiers = {
  organization: '2.5.4.10',
  commonName: '2.5.4.3',
  ecdsaWithSha256: '1.2.840.10045.4.3.2',
  subjectKeyIdentifier: '2.5.29.14',
  keyUsage: '2.5.29.15',
  subjectAlternativeName: '2.5.29.17',
  basicConstraints: '2.5.29.19',
  authorityKeyIdentifier: '2.5.29.35',
  extendedKeyUsage: '2.5.29.37',
  serverAuthentication: '1.3.6.1.5.5.7.3.1',
  clientAuthentication: '1.3.6.1.5.5.7.3.2',
};

/** Bits of KeyUsage. */
const digitalSignature = 0;
const certificateSigning = 5;
const listSigning = 6;

/** An X.509 certificate, version 3, in PEM (RFC 5280). */
export function issueCertificate(request: CertificateRequest): string {
  const algorithm = sequence(objectIdentifier(identifiers.ecdsaWithSha256));
  const content = sequence(
    contextual(0, integer(2n)),
    integer(request.serialNumber),
    algorithm,
    encodeName(request.issuer),
    sequence(time(request.notBefore), time(request.notAfter)),
    encodeName(request.subject),
    request.publicKey.export({ type: 'spki', format: 'der' }),
    contextual(3, sequence(...extensionsOf(request))),
  );
  const signature = sign('sha256', content, { key: request.signingKey, dsaEncoding: 'der' });
  return toPem(sequence(content, algorithm, bitString(signature)));
}

function encodeName({ organization, commonName }: DistinguishedName): Buffer {
  const attribute = (identifier: string, value: string): Buffer =>
    setOf(sequence(objectIdentifier(identifier), utf8String(value)));
  return sequence(
    ...(organization === undefined ? [] : [attribute(identifiers.organization, organization)]),
    attribute(identifiers.commonName, commonName),
  );
}

function extensionsOf({ role, publicKey, issuerKey }: CertificateRequest): readonly Buffer[] {
  const isAuthority = role.kind === 'authority';
  const uses = isAuthority ? [certificateSigning, listSigning] : [digitalSignature];
  const common = [
    critical(identifiers.basicConstraints, isAuthority ? sequence(boolean(true), integer(0n)) : sequence()),
    critical(identifiers.keyUsage, namedBits(...uses)),
    extension(identifiers.subjectKeyIdentifier, octetString(keyIdentifier(publicKey))),
    extension(identifiers.authorityKeyIdentifier, sequence(element(0x80, keyIdentifier(issuerKey)))),
  ];
  return [...common, ...roleExtensions(role)];
}

function roleExtensions(role: CertificateRole): readonly Buffer[] {
  switch (role.kind) {
    case 'authority':
      return [];
    case 'server':
      return [
        extendedUse(identifiers.serverAuthentication),
        extension(identifiers.subjectAlternativeName, sequence(...role.names.map(encodeAlternativeName))),
      ];
    case 'client':
      return [extendedUse(identifiers.clientAuthentication)];
  }
}

function extendedUse(identifier: string): Buffer {
  return extension(identifiers.extendedKeyUsage, sequence(objectIdentifier(identifier)));
}

function extension(identifier: string, value: Uint8Array): Buffer {
  return sequence(objectIdentifier(identifier), octetString(value));
}

function critical(identifier: string, value: Uint8Array): Buffer {
  return sequence(objectIdentifier(identifier), boolean(true), octetString(value));
}

/** `[number] EXPLICIT`. */
function contextual(number: number, content: Uint8Array): Buffer {
  return element(0xa0 | number, content);
}

/** GeneralName: `dNSName` is its choice 2, `iPAddress` its choice 7. */
function encodeAlternativeName(name: string): Buffer {
  return isIP(name) === 0 ? element(0x82, Buffer.from(name, 'ascii')) : element(0x87, addressBytes(name));
}

function addressBytes(address: string): Buffer {
  if (isIPv4(address)) return Buffer.from(address.split('.').map(Number));
  const [head = '', tail] = address.split('::');
  const groups = (text: string): string[] => (text === '' ? [] : text.split(':'));
  const [before, after] = [groups(head), groups(tail ?? '')];
  const all = [...before, ...Array.from({ length: 8 - before.length - after.length }, () => '0'), ...after];
  return Buffer.from(all.map((group) => group.padStart(4, '0')).join(''), 'hex');
}

/** The usual way to name a key: the SHA-1 of its point (RFC 5280, 4.2.1.2). It is a name and protects nothing. */
function keyIdentifier(publicKey: KeyObject): Buffer {
  const { x = '', y = '' } = publicKey.export({ format: 'jwk' });
  const point = Buffer.concat([Buffer.from([4]), Buffer.from(x, 'base64url'), Buffer.from(y, 'base64url')]);
  return createHash('sha1').update(point).digest();
}

function toPem(der: Buffer): string {
  const lines = der.toString('base64').match(/.{1,64}/g) ?? [];
  return ['-----BEGIN CERTIFICATE-----', ...lines, '-----END CERTIFICATE-----', ''].join('\n');
}
