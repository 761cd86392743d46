// Searches for what would have matched, away from the page. What it answers is words; nothing can be released from them.
import { cryptoKeyOracle, diagnose, rawKeyOracle } from '../../shared/sev/decide/doctor.ts';
import { answer } from './answer.ts';
import type { DoctorAnswer, DoctorRequest, SearchKey } from './messages.ts';

const oracleOf = ({ key }: SearchKey) => (key instanceof Uint8Array ? rawKeyOracle(key) : cryptoKeyOracle(key));

answer<DoctorRequest, DoctorAnswer>(async ({ limit, depth, keys, ...given }, progress) => {
  const withOracles = keys.map((key) => ({ ...key, oracle: oracleOf(key) }));
  const report = await diagnose(
    { ...given, keys: withOracles },
    {
      onProgress: progress,
      ...(limit !== undefined && { limit }),
      ...(depth !== undefined && { depth }),
    },
  );
  for (const { key } of keys) if (key instanceof Uint8Array) key.fill(0);
  return report;
});
