// What practice says; loaded with its screens.
import type { GuideStep } from '../practice/guide.ts';

interface Guidance {
  readonly title: string;
  readonly look: string;
  readonly why: string;
}

const guide: Readonly<Record<GuideStep, Guidance>> = {
  platform: {
    title: 'Who is this platform?',
    look: 'The drawing of the chain: from the root down to the PDH, each key vouches for the next. Then prepare a launch.',
    why: "Your session will be made for the PDH. On real hardware the root is AMD's, and the sentence says “This is genuine AMD hardware”. Here it is the published test root, so it says SIMULATED.",
  },
  image: {
    title: 'What do you expect to run?',
    look: 'The guest image is the first thing to choose. Practice brings a small one, so that you need no file.',
    why: "You compare the measurement with your own copy. Whoever takes the host's copy for it verifies nothing.",
  },
  choose: {
    title: 'What do you expect to run?',
    look: 'Choose demo-guest.fd under “Or one that you used before”.',
    why: "You compare the measurement with your own copy. Whoever takes the host's copy for it verifies nothing.",
  },
  session: {
    title: 'Under which policy?',
    look: 'Leave the policy as it is, look at what its bits mean, and make the session.',
    why: 'The policy goes into the session and into the measurement: the host can change neither without being noticed.',
  },
  launch: {
    title: 'Hand the session to the host',
    look: 'The profile “demo” is honest. “demo-lie” promises the same image and starts a changed one: try it another time.',
    why: 'Keys are on their way that only this platform can open. What the profile promises is a hint, and nothing more.',
  },
  measurement: {
    title: 'The guest is paused',
    look: 'Ask for the measurement, if it did not come by itself.',
    why: 'Nothing of the guest has run yet. That is why a secret can be kept from a wrong one.',
  },
  release: {
    title: 'It matches: give the secret',
    look: 'Type any words as the disk passphrase, but none that you use elsewhere. Read what was not measured, on the evidence side.',
    why: 'The packet is sealed for this one launch, over the measurement that you computed. The host carries it and cannot read it.',
  },
  run: {
    title: 'Let it run',
    look: 'Continue the guest.',
    why: 'From here on nothing can be injected any more, and this session can never be used again.',
  },
  done: {
    title: 'The guest tells your secret',
    look: "This is the guest's own console. What you typed came through the host, and only the guest could open it.",
    why: 'On a real machine you would see the disk open. The guest of practice has no disk: it says aloud what it was given.',
  },
  mismatch: {
    title: 'Caught',
    look: 'There is no way to release the secret from here. Below, the doctor looks for what would have matched.',
    why: "The AMD-SP measured what was really loaded. The host's promise did not enter into it.",
  },
  over: {
    title: 'This launch is over',
    look: 'Begin a new one on the platform.',
    why: 'One session is good for one launch, ever.',
  },
  lost: {
    title: 'The guest is gone',
    look: 'Press “New launch on this platform”.',
    why: 'The host of practice lives in this page, and its guests end with it. A session is good for one launch only.',
  },
};

export const practice = {
  heading: 'Practise a launch, from the platform to the secret.',
  lead: 'A simulated host lives in this page. The screens, the checks and the vault are the ones that you will use for real; nothing goes over a network.',
  points: [
    'You meet a platform, launch a guest, verify it and release a secret. It takes a few minutes.',
    'What happens here is kept apart from your real records, and can be cleared in one go.',
    'It proves nothing about any hardware. Use no secret that you use elsewhere.',
  ],
  begin: 'Meet the practice host',
  goOn: 'Go on practising',
  platform: 'The practice platform',
  lab: 'Tamper lab',
  labSentence: 'Tell a lie to the verifier, and see what catches it.',
  clear: 'Clear everything of practice',
  clearHint: 'Forgets the practice platform, its launches, keys and the library of practice. Your real records stay.',
  cleared: 'Everything of practice is cleared.',
  guide,
  look: 'What to look at',
  why: 'Why',
  addImage: 'Add demo-guest.fd to the library of practice',
  console: 'Console of the guest',
  toLab: 'See what a lie comes to',
  back: 'All of practice',
  opening: 'Starting the practice host…',
} as const;
