/** What Kubernetes asks of ports, by number and by name. */
import type { Fault } from '../definition.ts';
import { invalid, required } from '../faults.ts';

export function portNumber(port: number | undefined, path: string): readonly Fault[] {
  if (port === undefined) return [required(path)];
  return port >= 1 && port <= 65_535 ? [] : [invalid(path, port, 'must be between 1 and 65535, inclusive')];
}

export function portName(name: string, path: string): readonly Fault[] {
  const rules: ReadonlyArray<readonly [boolean, string]> = [
    [name.length <= 15, 'must be no more than 15 characters'],
    [/^[-a-z0-9]*$/.test(name), 'must contain only alpha-numeric characters (a-z, 0-9), and hyphens (-)'],
    [/[a-z]/.test(name), 'must contain at least one letter (a-z)'],
    [!name.includes('--'), 'must not contain consecutive hyphens'],
    [!name.startsWith('-') && !name.endsWith('-'), 'must not begin or end with a hyphen'],
  ];
  return rules.filter(([isMet]) => !isMet).map(([, message]) => invalid(path, name, message));
}
