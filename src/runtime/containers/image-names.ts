import type { Image } from './container-runtime.js';
import { checkImageName } from './image-name.js';

/** The images of a runtime without images: every well-formed name is as good as another, and nothing of it is used. */
export class ImageNames {
  readonly #names = new Set<string>();

  /** @param runtime begins the ids. */
  constructor(private readonly runtime: string) {}

  /** The id. Throws RuntimeFailure `image-name-invalid`. */
  pull(name: string): string {
    const { id } = this.image(name);
    this.#names.add(name);
    return id;
  }

  /** Every image is there. Throws RuntimeFailure `image-name-invalid`. */
  image(name: string): Image {
    checkImageName(name);
    return { id: `${this.runtime}:${name}`, tags: [name], digests: [], sizeBytes: 0 };
  }

  list(): readonly Image[] {
    return Array.from(this.#names, (name) => this.image(name));
  }

  remove(name: string): void {
    this.#names.delete(name);
  }
}
