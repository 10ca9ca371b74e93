import type { Path } from '../../policy/documents/locator.ts';
import type { SourceDocument } from '../../policy/documents/read-documents.ts';

/** A group as it is written. */
export interface GroupShape {
  readonly description: string;
  readonly members?: readonly string[];
  readonly groups?: readonly string[];
}

/** Something with a name in a document, and where it stands. */
export interface Entry<Shape> {
  readonly key: string;
  readonly shape: Shape;
  readonly document: SourceDocument;
  readonly path: Path;
}
