// Asks the measurement doctor in its worker; ending the call ends the search.
import { type CallOptions, callWorker } from './call.ts';
import workerUrl from './doctor.worker.ts?worker&url';
import type { DoctorAnswer, DoctorRequest } from './messages.ts';

/** `onprogress` hears how many possibilities were tried. */
export const askDoctor = (request: DoctorRequest, options?: CallOptions): Promise<DoctorAnswer> =>
  callWorker(workerUrl, request, options);
