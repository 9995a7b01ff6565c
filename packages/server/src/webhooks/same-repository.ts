/** Whether two addresses of a clone are one repository: hosts take capitals, and `.git` may be left out. Pure. */
export function isSameRepository(one: string, other: string): boolean {
  const [first, second] = [normalize(one), normalize(other)];
  return first !== undefined && first === second;
}

function normalize(text: string): string | undefined {
  if (!URL.canParse(text)) return undefined;
  const { host, pathname } = new URL(text);
  return `${host}${pathname.replace(/\/$/, '').replace(/\.git$/, '')}`;
}
