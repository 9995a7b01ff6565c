/** A line of the Runtime API, and the block that follows it, which an empty line ends. */
export interface CertificateCommand {
  readonly line: string;
  readonly block?: string | undefined;
  /** For messages, which never hold the block: there are keys in it. */
  readonly host: string;
}

export interface CertificateFiles {
  readonly list: string;
  /** Undefined: it cannot be the host of any request. */
  fileOf(host: string): string | undefined;
}

type Certificates = ReadonlyMap<string, string>;

/**
 * From the certificates that HAProxy has, certificate and key in PEM by host, to those that it is to have. The names are those
 * of files in its configuration, and nothing is read from them: what is told is kept by the worker alone.
 */
export function planCertificates(
  current: Certificates,
  wanted: Certificates,
  files: CertificateFiles,
): readonly CertificateCommand[] {
  const arriving = [...wanted].flatMap(([host, pem]) => {
    const file = files.fileOf(host);
    if (file === undefined || current.get(host) === pem) return [];
    const contents = [
      { host, line: `set ssl cert ${file}`, block: withoutEmptyLines(pem) },
      { host, line: `commit ssl cert ${file}` },
    ];
    if (current.has(host)) return contents;
    return [
      { host, line: `new ssl cert ${file}` },
      ...contents,
      { host, line: `add ssl crt-list ${files.list}`, block: `${file} ${host}` },
    ];
  });
  const leaving = [...current.keys()].flatMap((host) => {
    const file = files.fileOf(host);
    if (file === undefined || wanted.has(host)) return [];
    return [
      { host, line: `del ssl crt-list ${files.list} ${file}` },
      { host, line: `del ssl cert ${file}` },
    ];
  });
  return [...arriving, ...leaving];
}

/** An empty one would end the block, and what follows it would be commands. */
function withoutEmptyLines(pem: string): string {
  return pem
    .split(/[\r\n]+/)
    .filter((line) => line.trim() !== '')
    .join('\n');
}
