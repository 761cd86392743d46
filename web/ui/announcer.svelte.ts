// What a screen reader is told although nobody moved there: verdicts. One live region for the whole app, since a region
// that appears together with its words is often not read.

class Announcer {
  text = $state('');

  say(text: string): void {
    this.text = text;
  }
}

export const announcer = new Announcer();
