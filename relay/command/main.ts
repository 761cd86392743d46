#!/usr/bin/env node
// `sev-relay`: the host operator's command. Without a verb it serves.
import { explainUnforeseen, NO_ANSWER, runRelayCommand } from './command.ts';
import { terminal, whenUnwritable } from './process-terminal.ts';

// A relay serves on whoever reads; the other commands must not end as if their answer had been written.
whenUnwritable((code) => {
  terminal.err(`The answer cannot be written. The system says ${code}.\n`);
  if (!isServing(process.argv.slice(2))) process.exit(NO_ANSWER);
});
// Node would print it as it is, past the sink, and end with 1, which is an answer.
process.on('uncaughtException', (error) => process.exit(explainUnforeseen(error)));
process.exitCode = await runRelayCommand(process.argv.slice(2));

function isServing([first = 'serve', ...rest]: readonly string[]): boolean {
  const isVerb = first === 'serve' || first.startsWith('-');
  return isVerb && ![first, ...rest].some((word) => word === '--help' || word === '--version');
}
