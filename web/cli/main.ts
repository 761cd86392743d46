#!/usr/bin/env node
// `sev-verifier`: the guest owner's command. Without a verb it serves the built PWA on loopback.
import { runCommand } from './cli.ts';
import { processTerminal } from './terminal.ts';

process.exitCode = await runCommand(process.argv.slice(2), processTerminal);
