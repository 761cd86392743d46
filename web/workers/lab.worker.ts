// Plays one launch of the tamper lab away from the page.
import type { LieName } from '../practice/lab/lie-names.ts';
import type { Outcome } from '../practice/lab/outcome.ts';
import { runLie } from '../practice/lab/run.ts';
import { answer } from './answer.ts';

answer<LieName, Outcome>((lie) => runLie(lie));
