#!/usr/bin/env node
// `sev-verifier`: the guest owner's command. Without a verb it serves the built PWA on loopback.
import { runCommand } from './cli.ts';
import { processTerminal } from './terminal.ts';
import { explainBug } from './verb.ts';

const [verb] = process.argv.slice(2);
/** What is no answer: neither a verdict nor a success. */
const NO_ANSWER = verb === 'validate' ? 6 : 2;

// A reader such as `head` may go before everything was said: that is no fault of ours. Where an answer cannot be written,
// the exit code must not be one of an answer.
process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  if (error.code === 'EPIPE') return;
  processTerminal.err(`The answer cannot be written. The system says ${error.code}.\n`);
  process.exit(NO_ANSWER);
});
// What goes beside the answer may be lost; the exit code still says what it would.
process.stderr.on('error', () => undefined);
// Node would end with 1, which means “refused”.
process.on('uncaughtException', (error) => {
  explainBug(error, processTerminal);
  process.exit(NO_ANSWER);
});
process.exitCode = await runCommand(process.argv.slice(2), processTerminal);
