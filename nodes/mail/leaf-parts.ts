// The leaves of a message: what a reader sees as body and attachments.
import { contentType, decodedBody, fileNameOf, type MimeEntity, parseEntity, partsOf } from './mime.ts';

/** `body` has its transfer encoding undone. */
export interface LeafPart { contentType: string; fileName: string | undefined; body: Buffer }

/** A multipart that cannot be taken apart is shown as it is: its sender is known by now, and somebody must be able to look at it. */
const partsOrNone = (entity: MimeEntity): MimeEntity[] => {
  try {
    return partsOf(entity);
  } catch {
    return [];
  }
};

const leaves = (entity: MimeEntity): LeafPart[] => {
  const parts = partsOrNone(entity);
  return parts.length > 0
    ? parts.flatMap(leaves)
    : [{ contentType: contentType(entity).type, fileName: fileNameOf(entity), body: decodedBody(entity) }];
};

export const leafParts = (message: Buffer): LeafPart[] => leaves(parseEntity(message));
