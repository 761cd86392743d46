// What goes out without a relay: the same blobs as files in the tools' namings, as commands, and as a code.
import type { AirgapMessage } from '../../shared/airgap/index.ts';

export interface OutgoingFile {
  readonly name: string;
  readonly content: Uint8Array | string;
}

export interface OutgoingText {
  readonly title: string;
  readonly text: string;
  /** The name of its file, where it is worth saving. */
  readonly file?: string;
}

export interface Outgoing {
  readonly files: readonly OutgoingFile[];
  readonly texts: readonly OutgoingText[];
  readonly message: AirgapMessage;
}

/** Gives a file to the browser to save. */
export function save({ name, content }: OutgoingFile): void {
  const url = URL.createObjectURL(new Blob([content as BlobPart], { type: 'application/octet-stream' }));
  const link = document.createElement('a');
  link.href = url;
  link.download = name;
  link.click();
  URL.revokeObjectURL(url);
}
