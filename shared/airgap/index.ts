// The air gap's public door: messages ↔ the texts of QR codes. Drawing and reading the codes is the business of each end.
export { type Collected, FrameCollector } from './collector.ts';
export { encodeFrames, frameBytesIn, type FrameOptions, type Frames, stillBytesIn } from './frames.ts';
export { labelOf } from './message-members.ts';
export {
  type AirgapMessage,
  encodeMessage,
  type Expected,
  expectMessage,
  kindOfType,
  type MessageKind,
  nameOfKind,
  type OfKind,
  parseMessage,
  sessionOf,
  typeOfKind,
} from './messages.ts';
export { type CodeSize, layOutCodes, modulesOf, type QrCodes, type QrCorrection, USUAL_SIZE } from './qr-size.ts';
export { fileOfReference, type KnownFile, referenceOfFile } from './reference.ts';
export { sessionTag } from './session-tag.ts';
export { encodeUr, parseUr, type Ur } from './ur.ts';
