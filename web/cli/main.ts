#!/usr/bin/env node
// `sev-verifier`: the guest owner's command. Without a verb it serves the built PWA on loopback.
import { SevError } from '../../shared/errors.ts';
import { VERBS } from './verbs.ts';

process.exitCode = await main(process.argv.slice(2));

async function main(args: readonly string[]): Promise<number> {
  const [first = 'serve', ...rest] = args;
  const [name, options] = first.startsWith('-') && first !== '--help' ? ['serve', args] : [first, rest];
  const verb = VERBS[name];
  if (verb === undefined) return printHelp(name === '--help' || name === 'help');
  try {
    const { run } = await verb.load();
    return await run(options);
  } catch (error) {
    return explain(error);
  }
}

function printHelp(asked: boolean): number {
  const lines = Object.entries(VERBS).map(([name, { summary }]) => `  ${name.padEnd(10)} ${summary}`);
  const text = [
    'Usage: sev-verifier [VERB] [OPTIONS]',
    '',
    ...lines,
    '',
    'Each verb explains itself with --help.',
    '',
  ].join('\n');
  (asked ? process.stdout : process.stderr).write(text);
  return asked ? 0 : 2;
}

function explain(error: unknown): number {
  if (!(error instanceof SevError)) throw error;
  const place = error.at ? ` (${error.at})` : '';
  process.stderr.write(`${error.code}${place}: ${error.sentence}\nNext: ${error.next}\n`);
  return 2;
}
