/** Clients say the same with each request, and each is asked about it several times. */
let last = { contentType: '', type: '' };

/** The type that a `content-type` names: in lower case and without its parameters, empty where it names none. */
export function mediaTypeOf(contentType: string): string {
  if (last.contentType !== contentType)
    last = { contentType, type: contentType.split(';')[0]?.trim().toLowerCase() ?? '' };
  return last.type;
}
