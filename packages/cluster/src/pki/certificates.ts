/**
 * The certificates of one cluster: an authority of its own, a server certificate, and a client certificate for its
 * administrator. Made on the first start, kept in the data directory, made anew when they are about to expire.
 */
import { randomBytes, type webcrypto } from 'node:crypto';
import { mkdir, readFile, rename, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

export interface ClusterCertificates {
  /** PEM. */
  readonly authority: string;
  readonly server: KeyPair;
  readonly admin: KeyPair;
  /** Bearer token of the administrator. */
  readonly adminToken: string;
}

export interface KeyPair {
  readonly certificate: string;
  readonly key: string;
}

interface KeptCertificates extends ClusterCertificates {
  readonly format: 1;
  /** Milliseconds; the authority and everything under it end together. */
  readonly notAfter: number;
  /** Names and addresses in the server certificate. */
  readonly names: readonly string[];
}

const dayMilliseconds = 24 * 60 * 60_000;
const validDays = 365;
const renewBeforeDays = 30;

export interface CertificatesOptions {
  readonly directory: string;
  /** Milliseconds. */
  readonly now: number;
  /** IP addresses and DNS names by which clients reach the API server. */
  readonly names: readonly string[];
}

/** Those in the directory, if they fit and will do for a while, or new ones. */
export async function loadCertificates(options: CertificatesOptions): Promise<ClusterCertificates> {
  const file = join(options.directory, 'certificates.json');
  const kept = await readKept(file);
  if (
    kept !== undefined &&
    kept.notAfter - options.now > renewBeforeDays * dayMilliseconds &&
    options.names.every((name) => kept.names.includes(name))
  )
    return kept;
  const made = await makeCertificates(options);
  await mkdir(options.directory, { recursive: true, mode: 0o700 });
  await writeFile(`${file}.new`, JSON.stringify(made), { mode: 0o600, flush: true });
  await rename(`${file}.new`, file);
  return made;
}

async function readKept(file: string): Promise<KeptCertificates | undefined> {
  const text = await readFile(file, 'utf8').catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return undefined;
    throw error;
  });
  if (text === undefined) return undefined;
  const value: KeptCertificates = JSON.parse(text);
  return value.format === 1 ? value : undefined;
}

/** Imports its library late: a cluster that has its certificates already never pays for it. */
async function makeCertificates({ names, now }: CertificatesOptions): Promise<KeptCertificates> {
  await import('reflect-metadata');
  const x509 = await import('@peculiar/x509');
  const algorithm = { name: 'ECDSA', namedCurve: 'P-256', hash: 'SHA-256' };
  const generate = (): Promise<webcrypto.CryptoKeyPair> =>
    crypto.subtle.generateKey(algorithm, true, ['sign', 'verify']);
  const [authorityKeys, serverKeys, adminKeys] = await Promise.all([generate(), generate(), generate()]);
  const period = { notBefore: new Date(now - dayMilliseconds), notAfter: new Date(now + validDays * dayMilliseconds) };
  const serialNumber = (): string =>
    randomBytes(16)
      .toString('hex')
      .replace(/^[89a-f]/, '1');
  const authority = await x509.X509CertificateGenerator.createSelfSigned({
    ...period,
    serialNumber: serialNumber(),
    name: 'CN=slipway-ca',
    keys: authorityKeys,
    signingAlgorithm: algorithm,
    extensions: [
      new x509.BasicConstraintsExtension(true, 0, true),
      new x509.KeyUsagesExtension(x509.KeyUsageFlags.keyCertSign | x509.KeyUsageFlags.cRLSign, true),
    ],
  });
  const issue = async (
    subject: string,
    keys: webcrypto.CryptoKeyPair,
    extensions: ReadonlyArray<InstanceType<typeof x509.Extension>>,
  ): Promise<KeyPair> => {
    const certificate = await x509.X509CertificateGenerator.create({
      ...period,
      serialNumber: serialNumber(),
      subject,
      issuer: authority.subject,
      publicKey: keys.publicKey,
      signingKey: authorityKeys.privateKey,
      signingAlgorithm: algorithm,
      extensions: [
        new x509.BasicConstraintsExtension(false, undefined, true),
        new x509.KeyUsagesExtension(x509.KeyUsageFlags.digitalSignature, true),
        ...extensions,
      ],
    });
    return { certificate: certificate.toString('pem'), key: await exportKey(keys.privateKey) };
  };
  const alternativeNames = new x509.SubjectAlternativeNameExtension(
    names.map((value) => ({ type: /^[\d.]+$|:/.test(value) ? 'ip' : 'dns', value })),
  );
  const [server, admin] = await Promise.all([
    issue('CN=kube-apiserver', serverKeys, [
      alternativeNames,
      new x509.ExtendedKeyUsageExtension([x509.ExtendedKeyUsage.serverAuth]),
    ]),
    issue('O=system:masters, CN=kubernetes-admin', adminKeys, [
      new x509.ExtendedKeyUsageExtension([x509.ExtendedKeyUsage.clientAuth]),
    ]),
  ]);
  return {
    format: 1,
    notAfter: period.notAfter.getTime(),
    names,
    authority: authority.toString('pem'),
    server,
    admin,
    adminToken: randomBytes(32).toString('base64url'),
  };
}

async function exportKey(key: webcrypto.CryptoKey): Promise<string> {
  const bytes = Buffer.from(await crypto.subtle.exportKey('pkcs8', key)).toString('base64');
  return `-----BEGIN PRIVATE KEY-----\n${bytes.replaceAll(/(.{64})/g, '$1\n').trim()}\n-----END PRIVATE KEY-----\n`;
}
