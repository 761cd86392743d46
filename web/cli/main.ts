#!/usr/bin/env node
// `sev-verifier`: the guest owner's command. Without a verb it serves the built PWA on loopback.
import { Terminal } from '../../shared/text/terminal.ts';
import { runCommand } from './cli.ts';
import { processStreams, whenUnwritable } from './terminal.ts';
import { explainBug } from './verb.ts';

const [verb] = process.argv.slice(2);
/** What is no answer: neither a verdict nor a success. */
const NO_ANSWER = verb === 'validate' ? 6 : 2;

const terminal = new Terminal(processStreams);

// Where an answer cannot be written, the exit code must not be one of an answer.
whenUnwritable((code) => {
  terminal.err(`The answer cannot be written. The system says ${code}.\n`);
  process.exit(NO_ANSWER);
});
// Node would end with 1, which means “refused”.
process.on('uncaughtException', (error) => {
  explainBug(error, terminal);
  process.exit(NO_ANSWER);
});
process.exitCode = await runCommand(process.argv.slice(2), processStreams);
