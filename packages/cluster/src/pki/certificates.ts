/**
 * The certificates of one cluster: an authority of its own, a server certificate, and a client certificate for its
 * administrator. Made on the first start, kept in the data directory, made anew when they are about to expire.
 */
import {
  createPrivateKey,
  generateKeyPairSync,
  type KeyObject,
  randomBytes,
  sign,
  verify,
  X509Certificate,
} from 'node:crypto';
import { mkdir, readFile, rename, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { messageOf } from '@slipway/kube/message-of';
import { DamagedFileError } from './damaged-file-error.ts';
import { issueCertificate, type CertificateRole, type DistinguishedName } from './issue-certificate.ts';

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

interface Keys {
  readonly publicKey: KeyObject;
  readonly privateKey: KeyObject;
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
  const made = makeCertificates(options);
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
  try {
    return parseKept(text);
  } catch (error) {
    const advice = 'new certificates are made then, and clients need the new kubeconfig';
    // What is no JSON is cited in the error, and may be a key.
    if (error instanceof SyntaxError) throw new DamagedFileError({ file, fault: 'it is not JSON', advice });
    throw new DamagedFileError({ file, fault: messageOf(error), advice }, { cause: error });
  }
}

/** Undefined: written in another format, so made anew. Throws for what was never written. */
function parseKept(text: string): KeptCertificates | undefined {
  const value: Partial<KeptCertificates> | null = JSON.parse(text);
  if (typeof value?.format !== 'number') throw new Error('it does not say its format');
  if (value.format !== 1) return undefined;
  const { notAfter, names, authority, server, admin, adminToken } = value;
  const isWhole = [authority, adminToken].every((each) => typeof each === 'string') && typeof notAfter === 'number';
  if (!isWhole || !Array.isArray(names)) throw new Error('something is missing in it');
  const signer = new X509Certificate(authority ?? '').publicKey;
  for (const pair of [server, admin]) {
    const certificate = new X509Certificate(pair?.certificate ?? '');
    if (!signsFor(pair?.key ?? '', certificate.publicKey) || !certificate.verify(signer))
      throw new Error('a certificate is not of its key, or not of its authority');
  }
  return value as KeptCertificates;
}

/** Tried: a key holds its public half as well, which may be whole where the other one is not. */
function signsFor(key: string, publicKey: KeyObject): boolean {
  const text = randomBytes(32);
  return verify('sha256', text, publicKey, sign('sha256', text, createPrivateKey(key)));
}

function makeCertificates({ names, now }: CertificatesOptions): KeptCertificates {
  const [authorityKeys, serverKeys, adminKeys] = [makeKeys(), makeKeys(), makeKeys()];
  const notAfter = now + validDays * dayMilliseconds;
  const issuer = { commonName: 'slipway-ca' };
  const issue = (subject: DistinguishedName, { publicKey }: Keys, role: CertificateRole): string =>
    issueCertificate({
      serialNumber: randomSerialNumber(),
      subject,
      issuer,
      notBefore: now - dayMilliseconds,
      notAfter,
      publicKey,
      signingKey: authorityKeys.privateKey,
      issuerKey: authorityKeys.publicKey,
      role,
    });
  return {
    format: 1,
    notAfter,
    names,
    authority: issue(issuer, authorityKeys, { kind: 'authority' }),
    server: {
      certificate: issue({ commonName: 'kube-apiserver' }, serverKeys, { kind: 'server', names }),
      key: exportKey(serverKeys),
    },
    admin: {
      certificate: issue({ organization: 'system:masters', commonName: 'kubernetes-admin' }, adminKeys, {
        kind: 'client',
      }),
      key: exportKey(adminKeys),
    },
    adminToken: randomBytes(32).toString('base64url'),
  };
}

function makeKeys(): Keys {
  return generateKeyPairSync('ec', { namedCurve: 'P-256' });
}

/** Not zero, and below 2^127 so that its encoding has sixteen bytes at most. */
function randomSerialNumber(): bigint {
  return (BigInt(`0x${randomBytes(16).toString('hex')}`) >> 1n) | 1n;
}

function exportKey({ privateKey }: Keys): string {
  return privateKey.export({ type: 'pkcs8', format: 'pem' }).toString();
}
