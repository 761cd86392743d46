// The one sentence that says what the courier does now, and why.
import { courier } from '../strings/courier.ts';
import type { CourierTask } from './courier-task.svelte.ts';

interface Said {
  readonly sentence: string;
  readonly reason: string;
}

export function sayWhere(task: CourierTask): Said {
  switch (task.at) {
    case 'chain':
      return { sentence: courier.chainSentence, reason: courier.chainReason };
    case 'session':
      return task.offer
        ? { sentence: courier.launchSentence, reason: courier.launchReason }
        : { sentence: courier.sessionSentence, reason: courier.sessionReason };
    case 'measurement':
      return task.guest === undefined
        ? { sentence: courier.guestSentence, reason: courier.guestReason }
        : { sentence: courier.measurementSentence, reason: courier.measurementReason };
    case 'secret':
      return saySecret(task);
    case 'report':
      return sayReport(task);
  }
}

function saySecret({ running, released, packet, guest }: CourierTask): Said {
  if (running) return { sentence: courier.runningSentence, reason: courier.runningReason };
  if (released) return { sentence: courier.releasedSentence, reason: courier.releasedReason };
  if (packet) return { sentence: courier.injectSentence, reason: courier.injectReason(guest ?? '') };
  return { sentence: courier.secretSentence, reason: courier.secretReason };
}

function sayReport({ report: { request, guest, report } }: CourierTask): Said {
  if (report) return { sentence: courier.reportSentence, reason: courier.reportReason };
  if (!request) return { sentence: courier.requestSentence, reason: courier.requestReason };
  return guest === undefined
    ? { sentence: courier.reportGuestSentence, reason: courier.guestReason }
    : { sentence: courier.reportAskSentence, reason: courier.reportAskReason(guest) };
}
