/** What is thrown is an error nearly always, but the language promises nothing. */
export function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
