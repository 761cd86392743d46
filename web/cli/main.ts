#!/usr/bin/env node
// `sev-verifier`: the guest owner's command. Without a verb it serves the built PWA on loopback.
import { runCommand } from './cli.ts';
import { processTerminal } from './terminal.ts';

// A reader such as `head` may go before everything was said: that is no fault of ours. Where an answer cannot be written,
// the exit code must not be one of an answer.
process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  if (error.code === 'EPIPE') return;
  processTerminal.err(`The answer cannot be written. The system says ${error.code}.\n`);
  process.exit(process.argv[2] === 'validate' ? 6 : 2);
});
process.exitCode = await runCommand(process.argv.slice(2), processTerminal);
