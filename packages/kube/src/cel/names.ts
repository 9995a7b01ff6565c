/** Put before the names of functions that the library has too, and that mean something else in Kubernetes. */
const prefix = 'kubernetes_';

export function replacedName(name: string): string {
  return `${prefix}${name}`;
}

/** Names as the author of an expression wrote them. */
export function withAuthorsNames(text: string): string {
  return text.replaceAll(prefix, '').replaceAll(/\bobject_\d+\b/g, 'object');
}
