/** As Kubernetes reads booleans of a query: only what is absent, `0`, and `false` in any case is false. */
export function isFlagSet(query: URLSearchParams, name: string): boolean {
  const value = query.get(name);
  return value !== null && value !== '0' && value.toLowerCase() !== 'false';
}
