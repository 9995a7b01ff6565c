/** Whether Kubernetes takes that name for a variable of a container: printable ASCII without `=`, since 1.32 in `env` too. */
export function isVariableName(name: string): boolean {
  return /^[ -<>-~]+$/.test(name);
}

export const variableNameRule =
  "a valid environment variable name must consist only of printable ASCII characters other than '='";
