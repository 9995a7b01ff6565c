/**
 * `$(NAME)` references in commands and variables. An unknown name stays as it is; `$$` is a dollar, so `$$(NAME)` is `$(NAME)`.
 * https://kubernetes.io/docs/tasks/inject-data-application/define-interdependent-environment-variables/
 */
export function expandReferences(text: string, lookUp: (name: string) => string | undefined): string {
  return text.replaceAll(/\$(?:\$|\(([^)]*)\))/g, (reference: string, name: string | undefined) =>
    name === undefined ? '$' : (lookUp(name) ?? reference),
  );
}
