#!/usr/bin/env node
// `sev-verifier`: the guest owner's command. Without a verb it serves the built PWA on loopback.
import { runCommand } from './cli.ts';
import { processTerminal } from './terminal.ts';

// A reader such as `head` may go before everything was said: that is no fault of ours.
process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  if (error.code !== 'EPIPE') throw error;
});
process.exitCode = await runCommand(process.argv.slice(2), processTerminal);
