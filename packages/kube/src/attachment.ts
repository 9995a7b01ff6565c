/**
 * What is known of objects, kept with the objects themselves: nobody else sees it, and a copy does not have it. A `WeakMap`
 * says the same, but looks at all that it holds whenever garbage is collected: with one of a hundred thousand objects that
 * is a tenth of what a write takes.
 */
export interface Attachment<T> {
  of(object: object): T | undefined;
  attach(object: object, value: T): void;
}

/** A class that extends this gives its private fields to an object that there is already. */
// oxlint-disable-next-line typescript/no-extraneous-class -- only the constructor of a class can be extended
class Existing {
  constructor(object: object) {
    return object;
  }
}

export function createAttachment<T>(): Attachment<T> {
  class Attached extends Existing {
    #value: T;

    constructor(object: object, value: T) {
      super(object);
      this.#value = value;
    }

    static of(object: object): T | undefined {
      return #value in object ? object.#value : undefined;
    }

    static attach(object: object, value: T): void {
      if (#value in object) object.#value = value;
      // oxlint-disable-next-line no-new -- it is the object that has the field now
      else new Attached(object, value);
    }
  }
  return Attached;
}
